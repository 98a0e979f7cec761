// Joining, seeing, walking and talking. Everything that decides anything is in the module; this asks and shows.

#include "MmoWorld.h"

#include "AmbitSettings.h"
#include "AmbitSubsystem.h"
#include "Components/SceneComponent.h"

namespace
{
	constexpr float StepSeconds = 0.05f;
	constexpr double StepMetres = 1.0;
	constexpr double HysteresisMetres = 10.0;

	UAmbitEntitySpawner* Spawner(AActor& Owner, const TCHAR* Name, const TCHAR* Table, EAmbitRotation Rotation)
	{
		UAmbitEntitySpawner* Made = Owner.CreateDefaultSubobject<UAmbitEntitySpawner>(Name);
		Made->Database = UMmoDatabase::StaticClass();
		Made->Table = Table;
		Made->Rotation = Rotation;
		return Made;
	}
}

AMmoWorld::AMmoWorld()
{
	PrimaryActorTick.bCanEverTick = true;
	RootComponent = CreateDefaultSubobject<USceneComponent>(TEXT("Root"));
	Players = Spawner(*this, TEXT("Players"), TEXT("player"), EAmbitRotation::Yaw);
	Monsters = Spawner(*this, TEXT("Monsters"), TEXT("monster"), EAmbitRotation::Yaw);
	Items = Spawner(*this, TEXT("Items"), TEXT("item"), EAmbitRotation::None);
}

void AMmoWorld::BeginPlay()
{
	Super::BeginPlay();
	Subsystem = UAmbitSubsystem::Get(this);
	World = UMmoDatabase::Get(this);
	if (!Subsystem.IsValid() || !World)
	{
		return;
	}
	Subsystem->OnReady.AddDynamic(this, &AMmoWorld::HandleReady);
	Subsystem->OnStateChanged.AddDynamic(this, &AMmoWorld::HandleState);
	World->ChatMessage->OnInsert.AddDynamic(this, &AMmoWorld::HandleChat);
	const UAmbitSettings* Settings = GetDefault<UAmbitSettings>();
	Subsystem->Connect(Server.IsEmpty() ? Settings->Server : Server, Database.IsEmpty() ? Settings->Database : Database, Token);
}

void AMmoWorld::EndPlay(const EEndPlayReason::Type EndPlayReason)
{
	if (Subsystem.IsValid())
	{
		Subsystem->OnReady.RemoveDynamic(this, &AMmoWorld::HandleReady);
		Subsystem->OnStateChanged.RemoveDynamic(this, &AMmoWorld::HandleState);
		World->ChatMessage->OnInsert.RemoveDynamic(this, &AMmoWorld::HandleChat);
		Subsystem->Disconnect();
	}
	Super::EndPlay(EndPlayReason);
}

void AMmoWorld::HandleReady()
{
	Token = Subsystem->GetToken();
	bHasJoined = false;
	Chat = nullptr;
	HeardZone = -1;
	Subsystem->Subscribe(UPlayerTable::Query().filter(FPlayerColumns::Identity.is_sender()));
	// What is near, in circles that move with the player's own row.
	const auto IsMe = FPlayerColumns::Identity.is_sender();
	Subsystem->Subscribe(UPlayerTable::Query().around(FPlayerColumns::Position, FPlayerColumns::Position, Sight, IsMe).hysteresis(HysteresisMetres));
	Subsystem->Subscribe(UMonsterTable::Query().around(FMonsterColumns::Position, FPlayerColumns::Position, Sight, IsMe).hysteresis(HysteresisMetres));
	Subsystem->Subscribe(UItemTable::Query().around(FItemColumns::Position, FPlayerColumns::Position, Sight, IsMe));
	Watch(World->Reducers->Join(PlayerName));
}

void AMmoWorld::HandleState(EAmbitConnectionState State, const FString& Reason)
{
	if (State == EAmbitConnectionState::Disconnected)
	{
		OnProblem.Broadcast(Reason);
	}
}

void AMmoWorld::HandleChat(const FChatMessageRow& Row)
{
	OnChat.Broadcast(Row.Speaker, Row.Text);
}

void AMmoWorld::Hear(int32 Zone)
{
	HeardZone = Zone;
	FAmbitParameters Parameters;
	Parameters.Set(TEXT("zone"), Zone);
	if (Chat)
	{
		Chat->ChangeParameters(Parameters);
		return;
	}
	Chat = Subsystem->Subscribe(TEXT("SELECT * FROM chat_message WHERE zone = :zone"), Parameters, FAmbitDelivery());
}

void AMmoWorld::Watch(int64 Request)
{
	World->Reducers->WhenDone(Request, [Self = TWeakObjectPtr<AMmoWorld>(this)](const FAmbitCallResult& Result)
	{
		if (Self.IsValid() && Result.Status != EAmbitCallStatus::Committed)
		{
			Self->OnProblem.Broadcast(Result.Message);
		}
	});
}

void AMmoWorld::Walk(const FVector2D& InDirection)
{
	const double Length = InDirection.Size();
	Direction = Length > 1.0 ? InDirection * (1.0 / Length) : InDirection;
}

void AMmoWorld::Say(const FString& Text)
{
	Watch(World->Reducers->Say(Text));
}

void AMmoWorld::Attack(const UAmbitEntityComponent* Monster)
{
	if (const TOptional<FMonsterView> View = World->Monster->ViewOf(Monster))
	{
		Watch(World->Reducers->Attack(View->Id()));
	}
}

void AMmoWorld::PickUp(const UAmbitEntityComponent* Item)
{
	if (const TOptional<FItemView> View = World->Item->ViewOf(Item))
	{
		Watch(World->Reducers->PickUp(View->Id()));
	}
}

bool AMmoWorld::GetMyself(FPlayerRow& Player)
{
	FAmbitIdentity Me;
	return World && Subsystem.IsValid() && Subsystem->GetIdentity(Me) && World->Player->Find(Me, Player);
}

void AMmoWorld::Tick(float DeltaSeconds)
{
	Super::Tick(DeltaSeconds);
	FAmbitIdentity Me;
	if (!World || !Subsystem.IsValid() || !Subsystem->IsReady() || !Subsystem->GetIdentity(Me))
	{
		return;
	}
	const TOptional<FPlayerView> Myself = World->Player->FindView(Me);
	if (!Myself)
	{
		return;
	}
	if (!bHasJoined)
	{
		bHasJoined = true;
		FPlayerRow Player;
		Myself->CopyTo(Player);
		OnJoined.Broadcast(Player);
	}
	if (Myself->Zone() != HeardZone)
	{
		Hear(Myself->Zone());
	}
	SinceStep += DeltaSeconds;
	if (SinceStep < StepSeconds || Direction.Size() == 0.0)
	{
		return;
	}
	SinceStep = 0.0f;
	// A step that the server refuses is no news: the next one is on its way.
	World->Reducers->MoveTo(Myself->Position() + Direction * StepMetres, static_cast<float>(FMath::Atan2(Direction.Y, Direction.X)));
}
