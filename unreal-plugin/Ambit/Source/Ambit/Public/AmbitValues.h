// Types of columns that Unreal has no type for, and the words in which Ambit tells what happened.
#pragma once

#include "CoreMinimal.h"
#include "Misc/Crc.h"

#include "AmbitValues.generated.h"

/** How the connection stands. */
UENUM(BlueprintType)
enum class EAmbitConnectionState : uint8
{
	Connecting = 0,
	Connected = 1,
	/** Over; its reason says why. Also before the first connection. */
	Disconnected = 2,
	/** Lost, and being made again: the cache stays, what changed meanwhile comes as events, and calls are refused. */
	Reconnecting = 3,
};

/** How a subscription, or a change of one, stands. */
UENUM(BlueprintType)
enum class EAmbitSubscriptionState : uint8
{
	Pending = 0,
	Applied = 1,
	Ended = 2,
	Failed = 3,
};

/** What became of a reducer call. */
UENUM(BlueprintType)
enum class EAmbitCallStatus : uint8
{
	Committed = 0,
	/** The reducer refused, and nothing happened. */
	ReducerError = 1,
	/** The server or the client refused, or the connection is over. */
	Rejected = 2,
	/** The connection was lost before the answer: whether the call was committed is not known. */
	Lost = 3,
};

/** Why a row left the cache. */
UENUM(BlueprintType)
enum class EAmbitDeleteReason : uint8
{
	Deleted = 0,
	OutOfRange = 1,
	NoLongerMatching = 2,
	NotPermitted = 3,
	Unsubscribed = 4,
	/** It left while the connection was lost. */
	Away = 5,
};

/** Who is calling: a player or a service, the same across connections. */
USTRUCT(BlueprintType)
struct AMBIT_API FAmbitIdentity
{
	GENERATED_BODY()

	UPROPERTY()
	uint8 Bytes[32] = {};

	/** In hexadecimal, 64 letters. */
	FString ToString() const;
	/** False, and nothing is changed, if the text is none. */
	static bool Parse(const FString& Text, FAmbitIdentity& Out);

	friend bool operator==(const FAmbitIdentity& A, const FAmbitIdentity& B) { return FMemory::Memcmp(A.Bytes, B.Bytes, sizeof(A.Bytes)) == 0; }
	friend bool operator!=(const FAmbitIdentity& A, const FAmbitIdentity& B) { return !(A == B); }
	friend uint32 GetTypeHash(const FAmbitIdentity& Of) { return FCrc::MemCrc32(Of.Bytes, sizeof(Of.Bytes)); }
};

template <>
struct TStructOpsTypeTraits<FAmbitIdentity> : public TStructOpsTypeTraitsBase2<FAmbitIdentity>
{
	enum
	{
		WithIdenticalViaEquality = true
	};
};

/** One connection of a client. */
USTRUCT(BlueprintType)
struct AMBIT_API FAmbitConnectionId
{
	GENERATED_BODY()

	UPROPERTY()
	uint8 Bytes[16] = {};

	/** In hexadecimal, 32 letters. */
	FString ToString() const;

	friend bool operator==(const FAmbitConnectionId& A, const FAmbitConnectionId& B) { return FMemory::Memcmp(A.Bytes, B.Bytes, sizeof(A.Bytes)) == 0; }
	friend bool operator!=(const FAmbitConnectionId& A, const FAmbitConnectionId& B) { return !(A == B); }
	friend uint32 GetTypeHash(const FAmbitConnectionId& Of) { return FCrc::MemCrc32(Of.Bytes, sizeof(Of.Bytes)); }
};

template <>
struct TStructOpsTypeTraits<FAmbitConnectionId> : public TStructOpsTypeTraitsBase2<FAmbitConnectionId>
{
	enum
	{
		WithIdenticalViaEquality = true
	};
};

/** A signed integer of 128 bits, as two halves. */
USTRUCT(BlueprintType)
struct FAmbitInt128
{
	GENERATED_BODY()

	/** The lower 64 bits; those of a number without sign. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int64 Low = 0;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int64 High = 0;
};

/** An integer of 128 bits without sign, as two halves. */
USTRUCT(BlueprintType)
struct FAmbitUInt128
{
	GENERATED_BODY()

	/** The lower 64 bits; those of a number without sign. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int64 Low = 0;

	/** The upper 64 bits; those of a number without sign. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int64 High = 0;
};

/** What became of a reducer call. */
USTRUCT(BlueprintType)
struct FAmbitCallResult
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	EAmbitCallStatus Status = EAmbitCallStatus::Rejected;

	/** What the reducer said, or why the call was refused; empty if it was committed. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	FString Message;

	/** The commit; 0 unless it was committed. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 Offset = 0;
};

/** Figures of the connection. */
USTRUCT(BlueprintType)
struct FAmbitStatistics
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 BytesReceived = 0;

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 BytesSent = 0;

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 UpdatesReceived = 0;

	/** Milliseconds that a question to the server and its answer take. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	double RoundTripMs = 0.0;

	/** Milliseconds that the server's clock is ahead of this machine's. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	double ClockOffsetMs = 0.0;

	/** Rows that have arrived and wait for the next tick. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 RowsPending = 0;

	/** Events that wait because a tick had no time left for them. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 EventsPending = 0;

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 CallsInFlight = 0;
};
