// A client with the calls that wait for their answers. Plain C++: the subsystem owns it, and tables and reducers are attached to it.
#pragma once

#include "AmbitCore.h"
#include "AmbitValues.h"

/** One connection of the game instance. It outlives a tick that ends it. */
class AMBIT_API FAmbitConnection
{
public:
	explicit FAmbitConnection(const ambit::Options& Options);
	~FAmbitConnection();
	FAmbitConnection(const FAmbitConnection&) = delete;
	FAmbitConnection& operator=(const FAmbitConnection&) = delete;

	ambit::Client Client;

	/** The number of the request; 0 if it was refused. */
	int64 Call(ambit::Reducer Reducer, const ambit::RowWriter& Arguments);
	/** Refuses a call before it is sent, with a reason for GetError. */
	int64 Refuse(const FString& Why);
	void WhenDone(int64 Request, TFunction<void(const FAmbitCallResult&)> Done);
	/** Answers every call that waits: nothing more comes. */
	void GiveUp(const FString& Why);
	/** Why the last call, subscription or look-up gave nothing. */
	FString GetError();

private:
	TMap<int64, TFunction<void(const FAmbitCallResult&)>> Waiting;
	FString Refusal;
};
