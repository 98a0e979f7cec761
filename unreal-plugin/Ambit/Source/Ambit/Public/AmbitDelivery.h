// What a subscription can be given beside its query: values of the names in it, and how its rows are told. Blueprint's form of ambit::Parameters
// and ambit::Delivery; docs/guides/delivery.md says what the options mean.
#pragma once

#include "AmbitCore.h"
#include "AmbitValues.h"

#include "AmbitDelivery.generated.h"

/** Values for the `:name`s of a query. Make one, then add to it. */
USTRUCT(BlueprintType)
struct AMBIT_API FAmbitParameters
{
	GENERATED_BODY()

	FAmbitParameters() = default;
	explicit FAmbitParameters(const ambit::Parameters& In) : Native(In) {}

	FAmbitParameters& Set(const FString& Name, const FString& Value);
	FAmbitParameters& Set(const FString& Name, const TCHAR* Value) { return Set(Name, FString(Value)); }
	FAmbitParameters& Set(const FString& Name, const FAmbitIdentity& Value);
	FAmbitParameters& Set(const FString& Name, const FVector& Value);
	FAmbitParameters& Set(const FString& Name, const FVector2D& Value);
	FAmbitParameters& Set(const FString& Name, const FDateTime& Value);
	FAmbitParameters& Set(const FString& Name, double Value);
	FAmbitParameters& Set(const FString& Name, int64 Value);
	FAmbitParameters& Set(const FString& Name, int32 Value) { return Set(Name, static_cast<int64>(Value)); }
	FAmbitParameters& Set(const FString& Name, bool Value);

	/** Of those with one name the last counts. */
	ambit::Parameters Native;
};

/** What rows up to a distance are told of. */
USTRUCT(BlueprintType)
struct FAmbitTier
{
	GENERATED_BODY()

	/** Up to which distance from the centre of the query's circle, in units of the position. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	double Distance = 0.0;

	/** Changes of one row per second; 0 for one per update. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	float Rate = 0.0f;

	/** The columns, as the module calls them, whose changes are told while the row changes; none for all. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	TArray<FString> Columns;
};

/** How rows of a subscription are told. What is 0 or empty is left out. */
USTRUCT(BlueprintType)
struct AMBIT_API FAmbitDelivery
{
	GENERATED_BODY()

	/** Updates per second; 0 for the server's default. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	float Rate = 0.0f;

	/** One update per commit, whatever the rate is. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bEveryCommit = false;

	/** Rows leave the query's circle at its radius plus this. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	double Hysteresis = 0.0;

	/** From near to far. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	TArray<FAmbitTier> Tiers;

	/** Bytes per second that the connection is to be sent; changes of rows wait for their turn. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int32 Budget = 0;

	/** Told is only what is on the server's disk, for all subscriptions of the connection from this one on. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bConfirmed = false;

	ambit::Delivery ToNative() const;
};

/** A circle, or a sphere, in which rows enter. */
USTRUCT(BlueprintType)
struct FAmbitCircle
{
	GENERATED_BODY()

	/** In units of the position. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	FVector Centre = FVector::ZeroVector;

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	double Radius = 0.0;
};

/** What is in force in a subscription, as the server told. */
USTRUCT(BlueprintType)
struct FAmbitInspection
{
	GENERATED_BODY()

	/** Rows that the client holds because of it. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 Rows = 0;

	/** Those of them that have changes which are still to be told. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	int64 Waiting = 0;

	/** Rows leave circles at the radius plus this. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	double Hysteresis = 0.0;

	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	TArray<FAmbitCircle> Circles;

	/** The distances up to which tiers hold, from near to far. */
	UPROPERTY(BlueprintReadOnly, Category = "Ambit")
	TArray<double> TierDistances;
};
