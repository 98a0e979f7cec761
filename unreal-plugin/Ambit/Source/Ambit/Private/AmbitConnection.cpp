// Calls that wait for their answers.

#include "AmbitConnection.h"

#include "AmbitCodec.h"

FAmbitConnection::FAmbitConnection(const ambit::Options& Options) : Client(Options)
{
	Client.on_result = [this](const ambit::CallResult& Result)
	{
		TFunction<void(const FAmbitCallResult&)> Done;
		if (Waiting.RemoveAndCopyValue(static_cast<int64>(Result.request), Done))
		{
			FAmbitCallResult Told;
			Told.Status = static_cast<EAmbitCallStatus>(Result.status);
			Told.Message = Ambit::ToString(Result.message);
			Told.Offset = static_cast<int64>(Result.offset);
			Done(Told);
		}
	};
}

FAmbitConnection::~FAmbitConnection() = default;

int64 FAmbitConnection::Call(ambit::Reducer Reducer, const ambit::RowWriter& Arguments)
{
	Refusal.Reset();
	return static_cast<int64>(Client.call(Reducer, Arguments));
}

int64 FAmbitConnection::Refuse(const FString& Why)
{
	Refusal = Why;
	return 0;
}

FString FAmbitConnection::GetError()
{
	return Refusal.IsEmpty() ? Ambit::ToString(Client.error()) : Refusal;
}

void FAmbitConnection::WhenDone(int64 Request, TFunction<void(const FAmbitCallResult&)> Done)
{
	if (Request != 0)
	{
		Waiting.Add(Request, MoveTemp(Done));
		return;
	}
	FAmbitCallResult Told;
	Told.Message = GetError();
	Done(Told);
}

void FAmbitConnection::GiveUp(const FString& Why)
{
	FAmbitCallResult Told;
	Told.Message = Why;
	// A handler may call again, and wait again.
	TMap<int64, TFunction<void(const FAmbitCallResult&)>> All = MoveTemp(Waiting);
	Waiting.Reset();
	for (auto& [Request, Done] : All)
	{
		Done(Told);
	}
}
