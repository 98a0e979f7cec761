// Nodes of Blueprint for values that have none of their own: identities, numbers without sign, parameters of queries.
#pragma once

#include "AmbitDelivery.h"
#include "Kismet/BlueprintFunctionLibrary.h"

#include "AmbitBlueprintLibrary.generated.h"

/** Nodes for Ambit's values. */
UCLASS()
class AMBIT_API UAmbitBlueprintLibrary : public UBlueprintFunctionLibrary
{
	GENERATED_BODY()

public:
	/** An identity in hexadecimal. */
	UFUNCTION(BlueprintPure, Category = "Ambit", meta = (DisplayName = "To String (Ambit Identity)", CompactNodeTitle = "->", BlueprintAutocast))
	static FString IdentityToString(const FAmbitIdentity& Identity) { return Identity.ToString(); }

	/** An identity from its hexadecimal form. False if the text is none. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	static bool ParseIdentity(const FString& Text, FAmbitIdentity& Identity) { return FAmbitIdentity::Parse(Text, Identity); }

	/** Whether two identities are the same player. */
	UFUNCTION(BlueprintPure, Category = "Ambit", meta = (DisplayName = "Equal (Ambit Identity)", CompactNodeTitle = "=="))
	static bool EqualIdentities(const FAmbitIdentity& A, const FAmbitIdentity& B) { return A == B; }

	/** A u64 column as it is: Blueprint's 64-bit integer shows large ones as negative. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	static FString UnsignedToString(int64 Value) { return FString::Printf(TEXT("%llu"), static_cast<unsigned long long>(Value)); }

	/** Adds an integer for `:Name` of a query. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddInteger(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, int64 Value) { Parameters.Set(Name, Value); }

	/** Adds a number for `:Name` of a query. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddNumber(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, double Value) { Parameters.Set(Name, Value); }

	/** Adds a truth value for `:Name` of a query. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddBool(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, bool bValue) { Parameters.Set(Name, bValue); }

	/** Adds a text for `:Name` of a query; enums are named so too. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddText(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, const FString& Value) { Parameters.Set(Name, Value); }

	/** Adds an identity for `:Name` of a query. The caller's own needs none: `:sender` is it. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddIdentity(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, const FAmbitIdentity& Value) { Parameters.Set(Name, Value); }

	/** Adds a point of three numbers for `:Name` of a query, in units of the module's positions. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddVector(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, const FVector& Value) { Parameters.Set(Name, Value); }

	/** Adds a point of two numbers for `:Name` of a query, in units of the module's positions. */
	UFUNCTION(BlueprintCallable, Category = "Ambit|Parameters")
	static void AddVector2D(UPARAM(ref) FAmbitParameters& Parameters, const FString& Name, const FVector2D& Value) { Parameters.Set(Name, Value); }
};
