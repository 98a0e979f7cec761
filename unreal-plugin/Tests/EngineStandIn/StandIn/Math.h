// Vectors, rotations, transforms, identifiers and times: their members and the few functions that are used.
#pragma once

#include "StandIn/Containers.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

struct FVector2D
{
	double X, Y;
	// Like the engine's, it begins with nothing.
	FVector2D() {}
	FVector2D(double InX, double InY) : X(InX), Y(InY) {}
	static const FVector2D ZeroVector;
	double Size() const { return FMath::Sqrt(X * X + Y * Y); }
	friend FVector2D operator-(const FVector2D& A, const FVector2D& B) { return {A.X - B.X, A.Y - B.Y}; }
	friend FVector2D operator+(const FVector2D& A, const FVector2D& B) { return {A.X + B.X, A.Y + B.Y}; }
	friend FVector2D operator*(const FVector2D& A, double By) { return {A.X * By, A.Y * By}; }
	friend bool operator==(const FVector2D& A, const FVector2D& B) { return A.X == B.X && A.Y == B.Y; }
};
inline const FVector2D FVector2D::ZeroVector{0.0, 0.0};

struct FVector
{
	double X, Y, Z;
	FVector() {}
	FVector(double InX, double InY, double InZ) : X(InX), Y(InY), Z(InZ) {}
	static const FVector ZeroVector, UpVector, OneVector;
	double Size() const { return FMath::Sqrt(X * X + Y * Y + Z * Z); }
	static double Distance(const FVector& A, const FVector& B) { return (A - B).Size(); }
	friend FVector operator+(const FVector& A, const FVector& B) { return {A.X + B.X, A.Y + B.Y, A.Z + B.Z}; }
	friend FVector operator-(const FVector& A, const FVector& B) { return {A.X - B.X, A.Y - B.Y, A.Z - B.Z}; }
	friend FVector operator*(const FVector& A, double By) { return {A.X * By, A.Y * By, A.Z * By}; }
	friend bool operator==(const FVector& A, const FVector& B) { return A.X == B.X && A.Y == B.Y && A.Z == B.Z; }
};
inline const FVector FVector::ZeroVector{0.0, 0.0, 0.0}, FVector::UpVector{0.0, 0.0, 1.0}, FVector::OneVector{1.0, 1.0, 1.0};

struct FVector4
{
	double X, Y, Z, W;
	FVector4() : X(0.0), Y(0.0), Z(0.0), W(1.0) {}
	FVector4(double InX, double InY, double InZ, double InW) : X(InX), Y(InY), Z(InZ), W(InW) {}
	friend bool operator==(const FVector4& A, const FVector4& B) { return A.X == B.X && A.Y == B.Y && A.Z == B.Z && A.W == B.W; }
};

struct FQuat
{
	double X, Y, Z, W;
	FQuat() {}
	FQuat(double InX, double InY, double InZ, double InW) : X(InX), Y(InY), Z(InZ), W(InW) {}
	/** A turn about a unit axis. */
	FQuat(const FVector& Axis, double Radians) : X(Axis.X * FMath::Sin(Radians / 2)), Y(Axis.Y * FMath::Sin(Radians / 2)), Z(Axis.Z * FMath::Sin(Radians / 2)), W(FMath::Cos(Radians / 2)) {}
	static const FQuat Identity;
	friend bool operator==(const FQuat& A, const FQuat& B) { return A.X == B.X && A.Y == B.Y && A.Z == B.Z && A.W == B.W; }
};
inline const FQuat FQuat::Identity{0.0, 0.0, 0.0, 1.0};

struct FIntPoint
{
	int32 X, Y;
	FIntPoint() {}
	FIntPoint(int32 InX, int32 InY) : X(InX), Y(InY) {}
	static const FIntPoint ZeroValue;
	friend bool operator==(const FIntPoint& A, const FIntPoint& B) { return A.X == B.X && A.Y == B.Y; }
};
inline const FIntPoint FIntPoint::ZeroValue{0, 0};

struct FIntVector
{
	int32 X, Y, Z;
	FIntVector() {}
	FIntVector(int32 InX, int32 InY, int32 InZ) : X(InX), Y(InY), Z(InZ) {}
	static const FIntVector ZeroValue;
	friend bool operator==(const FIntVector& A, const FIntVector& B) { return A.X == B.X && A.Y == B.Y && A.Z == B.Z; }
};
inline const FIntVector FIntVector::ZeroValue{0, 0, 0};

class FTransform
{
	FQuat Turn = FQuat::Identity;
	FVector At = FVector::ZeroVector, Scale = FVector::OneVector;

public:
	FTransform() = default;
	explicit FTransform(const FVector& InAt) : At(InAt) {}
	const FVector& GetLocation() const { return At; }
	const FQuat& GetRotation() const { return Turn; }
	const FVector& GetScale3D() const { return Scale; }
	void SetLocation(const FVector& In) { At = In; }
	void SetRotation(const FQuat& In) { Turn = In; }
	void SetScale3D(const FVector& In) { Scale = In; }
};

struct FColor
{
	uint8 R, G, B;
	static const FColor Green, Yellow, Blue;
};
inline const FColor FColor::Green{0, 255, 0}, FColor::Yellow{255, 255, 0}, FColor::Blue{0, 0, 255};

struct FGuid
{
	uint32 A = 0, B = 0, C = 0, D = 0;
	FGuid() = default;
	FGuid(uint32 InA, uint32 InB, uint32 InC, uint32 InD) : A(InA), B(InB), C(InC), D(InD) {}
	static FGuid NewGuid()
	{
		static uint32 Last = static_cast<uint32>(reinterpret_cast<std::uintptr_t>(&Last) >> 4) ^ static_cast<uint32>(std::time(nullptr));
		return FGuid(++Last, 0, 0, 0);
	}
	FString ToString() const { return FString::Printf(TEXT("%08X%08X%08X%08X"), A, B, C, D); }
	friend bool operator==(const FGuid& L, const FGuid& R) { return L.A == R.A && L.B == R.B && L.C == R.C && L.D == R.D; }
};

namespace ETimespan
{
	constexpr int64 TicksPerMicrosecond = 10;
	constexpr int64 TicksPerDay = 864000000000;
}

struct FTimespan
{
	FTimespan() = default;
	explicit FTimespan(int64 InTicks) : Ticks(InTicks) {}
	int64 GetTicks() const { return Ticks; }
	static FTimespan MinValue() { return FTimespan(MIN_int64); }
	static FTimespan MaxValue() { return FTimespan(MAX_int64); }
	friend bool operator==(const FTimespan& A, const FTimespan& B) { return A.Ticks == B.Ticks; }

private:
	int64 Ticks = 0;
};

struct FDateTime
{
	FDateTime() = default;
	explicit FDateTime(int64 InTicks) : Ticks(InTicks) {}
	/** Days since 0001-01-01 in the Gregorian calendar, as the engine counts. */
	FDateTime(int32 Year, int32 Month, int32 Day)
	{
		static constexpr int32 Before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
		const bool bLeap = (Year % 4 == 0 && Year % 100 != 0) || Year % 400 == 0;
		const int64 Years = Year - 1;
		const int64 Days = Years * 365 + Years / 4 - Years / 100 + Years / 400 + Before[Month - 1] + (bLeap && Month > 2 ? 1 : 0) + Day - 1;
		Ticks = Days * ETimespan::TicksPerDay;
	}
	int64 GetTicks() const { return Ticks; }
	static FDateTime MinValue() { return FDateTime(0); }
	static FDateTime MaxValue() { return FDateTime(3652059 * ETimespan::TicksPerDay - 1); }
	friend bool operator==(const FDateTime& A, const FDateTime& B) { return A.Ticks == B.Ticks; }

private:
	int64 Ticks = 0;
};

#pragma GCC visibility pop
