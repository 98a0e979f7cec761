// How a subscription stands is asked of the core after each tick.

#include "AmbitSubscription.h"

#include "AmbitCodec.h"

void UAmbitSubscription::Begin(const TSharedPtr<FAmbitConnection>& InConnection, const FString& Sql, const ambit::Parameters& Parameters, const ambit::Delivery& Delivery)
{
	Connection = InConnection;
	Number = Connection->Client.subscribe(Ambit::ToUtf8(Sql), Parameters, Delivery);
	if (Number == 0)
	{
		Refuse(Ambit::ToString(Connection->Client.error()));
	}
}

void UAmbitSubscription::Refuse(const FString& Why)
{
	State = EAmbitSubscriptionState::Failed;
	Message = Why;
	Connection.Reset();
}

bool UAmbitSubscription::Poll()
{
	if (!Connection || IsOver())
	{
		return false;
	}
	std::string Why;
	const EAmbitSubscriptionState Now = static_cast<EAmbitSubscriptionState>(Connection->Client.subscription(Number, Why));
	if (Now == State)
	{
		return true;
	}
	State = Now;
	if (State == EAmbitSubscriptionState::Applied)
	{
		OnApplied.Broadcast(this);
		return true;
	}
	if (!IsOver())
	{
		return true;
	}
	Message = Ambit::ToString(Why);
	Connection.Reset();
	OnEnded.Broadcast(this);
	return false;
}

void UAmbitSubscription::Detach(const FString& Why)
{
	Connection.Reset();
	if (!IsOver())
	{
		State = EAmbitSubscriptionState::Ended;
		Message = Why;
		OnEnded.Broadcast(this);
	}
}

void UAmbitSubscription::Unsubscribe()
{
	if (Connection)
	{
		Connection->Client.unsubscribe(Number);
	}
}

bool UAmbitSubscription::ChangeParameters(const FAmbitParameters& Parameters)
{
	if (!Connection)
	{
		return false;
	}
	if (Connection->Client.change_parameters(Number, Parameters.Native) != 0)
	{
		Message.Reset();
		return true;
	}
	Message = Ambit::ToString(Connection->Client.error());
	return false;
}

void UAmbitSubscription::Inspect()
{
	if (Connection)
	{
		Connection->Client.inspect(Number);
	}
}

bool UAmbitSubscription::GetInspection(FAmbitInspection& Inspection)
{
	if (!Connection || !Connection->Client.inspection(Number, Told))
	{
		return false;
	}
	Inspection.Rows = Told.rows;
	Inspection.Waiting = Told.waiting;
	Inspection.Hysteresis = Told.hysteresis;
	Inspection.Circles.Reset();
	for (const ambit::Circle& Circle : Told.circles)
	{
		FAmbitCircle& Added = Inspection.Circles.AddDefaulted_GetRef();
		Added.Centre = FVector(Circle.centre.x, Circle.centre.y, Circle.centre.z);
		Added.Radius = Circle.radius;
	}
	Inspection.TierDistances.Reset();
	for (const ambit::TierInForce& Tier : Told.tiers)
	{
		Inspection.TierDistances.Add(Tier.distance);
	}
	return true;
}
