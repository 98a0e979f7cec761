// What the server says is in force in the subscriptions, drawn into the level: where rows enter, where they leave, where tiers end.

#include "AmbitEntitySpawner.h"

#include "AmbitSubsystem.h"
#include "DrawDebugHelpers.h"
#include "Engine/World.h"

#if ENABLE_DRAW_DEBUG
namespace
{
	constexpr float AskSeconds = 0.5f;
	constexpr int32 Segments = 64;
	constexpr float Thickness = 4.0f;

	void DrawCircle(const UWorld* World, const FVector& Centre, double Radius, const FColor& Color)
	{
		DrawDebugCircle(World, Centre, static_cast<float>(Radius), Segments, Color, false, -1.0f, 0, Thickness, FVector(1.0, 0.0, 0.0), FVector(0.0, 1.0, 0.0), false);
	}
}
#endif

void UAmbitEntitySpawner::DrawInterest([[maybe_unused]] float DeltaTime)
{
#if ENABLE_DRAW_DEBUG
	SinceAsked += DeltaTime;
	const bool bAsks = SinceAsked >= AskSeconds;
	if (bAsks)
	{
		SinceAsked = 0.0f;
	}
	for (const TObjectPtr<UAmbitSubscription>& Subscription : Subsystem->GetSubscriptions())
	{
		if (bAsks)
		{
			Subscription->Inspect();
		}
		FAmbitInspection Inspection;
		if (!Subscription->GetInspection(Inspection))
		{
			continue;
		}
		for (const FAmbitCircle& Circle : Inspection.Circles)
		{
			const FVector Centre = ToLevel(Circle.Centre.X, Circle.Centre.Y, Circle.Centre.Z);
			DrawCircle(GetWorld(), Centre, Circle.Radius * CentimetresPerUnit, FColor::Green);
			if (Inspection.Hysteresis > 0.0)
			{
				DrawCircle(GetWorld(), Centre, (Circle.Radius + Inspection.Hysteresis) * CentimetresPerUnit, FColor::Yellow);
			}
			for (const double Distance : Inspection.TierDistances)
			{
				DrawCircle(GetWorld(), Centre, Distance * CentimetresPerUnit, FColor::Blue);
			}
		}
	}
#endif
}
