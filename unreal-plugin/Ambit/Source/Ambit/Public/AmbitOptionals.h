// Optional columns of Blueprint's own types: Blueprint has no optional, so a struct says whether there is a value. Options of a game's types
// are generated.
#pragma once

#include "AmbitValues.h"

#include "AmbitOptionals.generated.h"

USTRUCT(BlueprintType)
struct FAmbitOptionalBool
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool Value = false;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalByte
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	uint8 Value = 0;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalInt
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int32 Value = 0;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalInt64
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	int64 Value = 0;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalFloat
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	float Value = 0.0f;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalDouble
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	double Value = 0.0;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalString
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FString Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalVector2D
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FVector2D Value = FVector2D::ZeroVector;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalVector
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FVector Value = FVector::ZeroVector;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalVector4
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FVector4 Value = FVector4(0.0, 0.0, 0.0, 0.0);
};

USTRUCT(BlueprintType)
struct FAmbitOptionalQuat
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FQuat Value = FQuat::Identity;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalIntPoint
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FIntPoint Value = FIntPoint::ZeroValue;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalIntVector
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FIntVector Value = FIntVector::ZeroValue;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalGuid
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FGuid Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalDateTime
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FDateTime Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalTimespan
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FTimespan Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalIdentity
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FAmbitIdentity Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalConnectionId
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FAmbitConnectionId Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalInt128
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FAmbitInt128 Value;
};

USTRUCT(BlueprintType)
struct FAmbitOptionalUInt128
{
	GENERATED_BODY()

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	bool bIsSet = false;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Ambit")
	FAmbitUInt128 Value;
};
