// Delegates: of C++ and of Blueprint. A handler may add and remove handlers while a delegate is broadcast, as in the engine.
#pragma once

#include "StandIn/Object.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

class FDelegateHandle
{
	uint64 Number = 0;

public:
	FDelegateHandle() = default;
	explicit FDelegateHandle(uint64 In) : Number(In) {}
	bool IsValid() const { return Number != 0; }
	void Reset() { Number = 0; }
	friend bool operator==(FDelegateHandle A, FDelegateHandle B) { return A.Number == B.Number; }
	static FDelegateHandle Make()
	{
		static uint64 Last = 0;
		return FDelegateHandle(++Last);
	}
};

template <typename Signature>
class TDelegate;
template <typename Result, typename... Arguments>
class TDelegate<Result(Arguments...)>
{
	std::function<Result(Arguments...)> Function;
	TWeakObjectPtr<const UObject> Object;
	bool bHasObject = false;

public:
	template <typename T, typename Owner>
	static TDelegate CreateUObject(T* Of, Result (Owner::*Member)(Arguments...))
	{
		TDelegate Out;
		Out.Object = Of;
		Out.bHasObject = true;
		Out.Function = [Of, Member](Arguments... Given) { return (Of->*Member)(Given...); };
		return Out;
	}
	template <typename T, typename Owner>
	static TDelegate CreateRaw(T* Of, Result (Owner::*Member)(Arguments...))
	{
		TDelegate Out;
		Out.Function = [Of, Member](Arguments... Given) { return (Of->*Member)(Given...); };
		return Out;
	}
	template <typename Lambda>
	static TDelegate CreateLambda(Lambda&& In)
	{
		TDelegate Out;
		Out.Function = std::forward<Lambda>(In);
		return Out;
	}
	bool IsBound() const { return Function && (!bHasObject || Object.IsValid()); }
	const UObject* GetObject() const { return bHasObject ? Object.Get() : nullptr; }
	Result Execute(Arguments... Given) const { return Function(Given...); }
};

template <typename Signature>
class TMulticastDelegate;
template <typename... Arguments>
class TMulticastDelegate<void(Arguments...)>
{
	using FBound = std::pair<FDelegateHandle, TDelegate<void(Arguments...)>>;
	std::vector<FBound> Bound;

public:
	FDelegateHandle Add(const TDelegate<void(Arguments...)>& Delegate)
	{
		Bound.emplace_back(FDelegateHandle::Make(), Delegate);
		return Bound.back().first;
	}
	template <typename T, typename Owner>
	FDelegateHandle AddUObject(T* Of, void (Owner::*Member)(Arguments...))
	{
		return Add(TDelegate<void(Arguments...)>::CreateUObject(Of, Member));
	}
	template <typename Lambda>
	FDelegateHandle AddLambda(Lambda&& In)
	{
		return Add(TDelegate<void(Arguments...)>::CreateLambda(std::forward<Lambda>(In)));
	}
	bool Remove(FDelegateHandle Handle)
	{
		const SIZE_T Before = Bound.size();
		Bound.erase(std::remove_if(Bound.begin(), Bound.end(), [Handle](const FBound& One) { return One.first == Handle; }), Bound.end());
		return Bound.size() < Before;
	}
	void Clear() { Bound.clear(); }
	bool IsBound() const
	{
		return std::any_of(Bound.begin(), Bound.end(), [](const FBound& One) { return One.second.IsBound(); });
	}
	void Broadcast(Arguments... Given) const
	{
		// A copy: handlers may change the list, or destroy what it is a member of.
		const std::vector<FBound> Now = Bound;
		for (const FBound& One : Now)
		{
			if (One.second.IsBound())
			{
				One.second.Execute(Given...);
			}
		}
	}
};

/** Blueprint's: handlers are UFUNCTIONs of objects. */
template <typename... Arguments>
class TStandInDynamicDelegate
{
	struct FBound
	{
		TWeakObjectPtr<UObject> Object;
		FString Function;
		std::function<void(Arguments...)> Call;
	};
	std::vector<FBound> Bound;

public:
	template <typename T, typename Owner>
	void StandInAdd(T* Of, void (Owner::*Member)(Arguments...), const TCHAR* Name)
	{
		FBound Added;
		Added.Object = static_cast<UObject*>(Of);
		Added.Function = Name;
		Added.Call = [Of, Member](Arguments... Given) { (Of->*Member)(Given...); };
		Bound.push_back(std::move(Added));
	}
	void StandInRemove(UObject* Of, const TCHAR* Name)
	{
		Bound.erase(std::remove_if(Bound.begin(), Bound.end(), [&](const FBound& One) { return One.Object.Get() == Of && One.Function == Name; }), Bound.end());
	}
	void Clear() { Bound.clear(); }
	bool IsBound() const
	{
		return std::any_of(Bound.begin(), Bound.end(), [](const FBound& One) { return One.Object.IsValid(); });
	}
	void Broadcast(Arguments... Given) const
	{
		const std::vector<FBound> Now = Bound;
		for (const FBound& One : Now)
		{
			if (One.Object.IsValid())
			{
				One.Call(Given...);
			}
		}
	}
};
#define AddDynamic(Object, Function) StandInAdd(Object, Function, TEXT(#Function))
#define RemoveDynamic(Object, Function) StandInRemove(Object, TEXT(#Function))

// The engine's have names of parameters for Blueprint, and a semicolon may follow.
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE(Name) \
	class Name : public TStandInDynamicDelegate<> \
	{ \
	}
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(Name, Type1, Param1) \
	class Name : public TStandInDynamicDelegate<Type1> \
	{ \
	}
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(Name, Type1, Param1, Type2, Param2) \
	class Name : public TStandInDynamicDelegate<Type1, Type2> \
	{ \
	}

#pragma GCC visibility pop
