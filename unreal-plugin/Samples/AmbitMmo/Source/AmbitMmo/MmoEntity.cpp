// What is shown of a player besides the place, which the spawner sees to.

#include "MmoEntity.h"

#include "Components/SceneComponent.h"
#include "MmoReducers.g.h"

AMmoEntity::AMmoEntity()
{
	// Without a root component an actor is nowhere.
	RootComponent = CreateDefaultSubobject<USceneComponent>(TEXT("Root"));
	Entity = CreateDefaultSubobject<UAmbitEntityComponent>(TEXT("Entity"));
}

void AMmoEntity::BeginPlay()
{
	Super::BeginPlay();
	Entity->OnEnter.AddDynamic(this, &AMmoEntity::HandleChange);
	Entity->OnChange.AddDynamic(this, &AMmoEntity::HandleChange);
}

void AMmoEntity::HandleChange()
{
	UMmoDatabase* Database = UMmoDatabase::Get(this);
	if (!Database)
	{
		return;
	}
	if (const TOptional<FPlayerView> Player = Database->Player->ViewOf(Entity))
	{
		DisplayName = Ambit::ToString(Player->Name());
		Health = Player->Health();
	}
}
