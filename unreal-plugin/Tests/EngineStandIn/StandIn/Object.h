// Objects, classes, weak pointers and a garbage collector that follows UPROPERTYs alone: what is held otherwise is gone after a collection, as
// in the engine.
#pragma once

#include "StandIn/Math.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

class UObject;
class UWorld;
class UClass;

enum EObjectFlags
{
	RF_NoFlags = 0,
	RF_Transient = 1
};
inline EObjectFlags& operator|=(EObjectFlags& A, EObjectFlags B) { return A = static_cast<EObjectFlags>(A | B); }

template <typename T>
class TObjectPtr
{
	T* Object = nullptr;

public:
	TObjectPtr() = default;
	TObjectPtr(std::nullptr_t) {}
	TObjectPtr(T* In) : Object(In) {}
	template <typename Other, std::enable_if_t<std::is_convertible_v<Other*, T*>, int> = 0>
	TObjectPtr(const TObjectPtr<Other>& In) : Object(In.Get()) {}
	T* Get() const { return Object; }
	operator T*() const { return Object; }
	T* operator->() const { return Object; }
	T& operator*() const { return *Object; }
	explicit operator bool() const { return Object != nullptr; }
};

namespace StandIn
{
	/** Marks what a property holds; other properties hold no objects. */
	class FReferences
	{
		std::vector<UObject*>& Found;

	public:
		explicit FReferences(std::vector<UObject*>& In) : Found(In) {}
		template <typename T>
		void Add(const T&) {}
		template <typename T>
		void Add(const TObjectPtr<T>& Of)
		{
			if (Of)
			{
				Found.push_back(const_cast<std::remove_const_t<T>*>(Of.Get()));
			}
		}
		template <typename T>
		void Add(const TArray<TObjectPtr<T>>& Of)
		{
			for (const TObjectPtr<T>& One : Of)
			{
				Add(One);
			}
		}
		template <typename K, typename T>
		void Add(const TMap<K, TObjectPtr<T>>& Of)
		{
			for (const auto& [Key, One] : Of)
			{
				Add(One);
			}
		}
	};

	/** A new object has the outer and the class that are named here. */
	struct FConstruction
	{
		UObject* Outer = nullptr;
		UClass* Class = nullptr;
	};
	extern FConstruction Construction;
}

class UObject
{
public:
	using Super = UObject;
	UObject();
	virtual ~UObject();
	UObject(const UObject&) = delete;
	UObject& operator=(const UObject&) = delete;
	static UClass* StaticClass();
	UClass* GetClass() const { return Class; }
	UObject* GetOuter() const { return Outer; }
	FString GetName() const;
	template <typename T>
	bool IsA() const;
	virtual UWorld* GetWorld() const { return Outer ? Outer->GetWorld() : nullptr; }
	virtual void BeginDestroy() {}
	virtual void StandInReferences(StandIn::FReferences&) {}
	bool StandInIsAlive() const { return !bGarbage; }
	void MarkAsGarbage() { bGarbage = true; }
	uint64 StandInSerial() const { return Serial; }
	void TryUpdateDefaultConfigFile() {}

private:
	friend class UClass;
	UClass* Class;
	UObject* Outer;
	uint64 Serial;
	bool bGarbage = false;
};

/** What a class is called, what it derives from, and how it is made. */
class UClass : public UObject
{
public:
	using FMake = UObject* (*)();
	UClass(const TCHAR* InName, UClass* InSuper, FMake InMake) : ClassName(InName), SuperClass(InSuper), Make(InMake) {}
	const FString ClassName;
	UClass* const SuperClass;
	const FMake Make;
	bool IsChildOf(const UClass* Other) const
	{
		for (const UClass* At = this; At; At = At->SuperClass)
		{
			if (At == Other)
			{
				return true;
			}
		}
		return false;
	}
};

inline FString GetNameSafe(const UObject* Of) { return Of ? Of->GetName() : FString(TEXT("None")); }
inline bool IsValid(const UObject* Of) { return Of && Of->StandInIsAlive(); }

namespace StandIn
{
	/** Whether an object with this address and serial number is there. */
	bool IsAlive(const void* Object, uint64 Serial);
	/** All objects that are no classes. */
	std::vector<UObject*> AllObjects();
	void AddRoot(UObject* Object);
	void RemoveRoot(UObject* Object);
	/** Destroys every object at the end of a program. */
	void DestroyAll();

	template <typename T>
	UObject* MakeOf()
	{
		if constexpr (std::is_abstract_v<T>)
		{
			return nullptr;
		}
		else
		{
			return new T();
		}
	}
}

/** Destroys what no root reaches over UPROPERTYs. */
void CollectGarbage(EObjectFlags KeepFlags);

template <typename T>
T* NewObject(UObject* Outer = nullptr, UClass* Class = nullptr)
{
	Class = Class ? Class : T::StaticClass();
	check(Class->IsChildOf(T::StaticClass()));
	const StandIn::FConstruction Before = StandIn::Construction;
	StandIn::Construction = {Outer, Class};
	T* Made = static_cast<T*>(Class->Make());
	StandIn::Construction = Before;
	return Made;
}

template <typename T>
T* Cast(UObject* Of)
{
	return Of && Of->GetClass()->IsChildOf(T::StaticClass()) ? static_cast<T*>(Of) : nullptr;
}
template <typename T>
bool UObject::IsA() const
{
	return GetClass()->IsChildOf(T::StaticClass());
}

template <typename T>
class TObjectIterator
{
	std::vector<UObject*> All = StandIn::AllObjects();
	SIZE_T Index = 0;

public:
	explicit operator bool() const { return Index < All.size(); }
	T* operator*() const { return static_cast<T*>(All[Index]); }
	T* operator->() const { return **this; }
	TObjectIterator& operator++()
	{
		do
		{
			Index++;
		} while (Index < All.size() && !All[Index]->IsA<T>());
		return *this;
	}
};

template <typename T>
const T* Cast(const UObject* Of)
{
	return Cast<T>(const_cast<UObject*>(Of));
}

template <typename T>
class TSubclassOf
{
	UClass* Class = nullptr;

public:
	TSubclassOf() = default;
	TSubclassOf(UClass* In) : Class(In) {}
	UClass* Get() const { return Class && Class->IsChildOf(T::StaticClass()) ? Class : nullptr; }
	operator UClass*() const { return Get(); }
	UClass* operator->() const { return Get(); }
	explicit operator bool() const { return Get() != nullptr; }
};

template <typename T>
class TWeakObjectPtr
{
	T* Object = nullptr;
	uint64 Serial = 0;

public:
	TWeakObjectPtr() = default;
	TWeakObjectPtr(T* In) : Object(In), Serial(In ? In->StandInSerial() : 0) {}
	T* Get() const { return Object && StandIn::IsAlive(Object, Serial) ? Object : nullptr; }
	bool IsValid() const { return Get() != nullptr; }
	T* operator->() const { return Get(); }
};

/** A class's defaults, which tests may change. */
template <typename T>
T* GetMutableDefault()
{
	static T* Default = []
	{
		T* Made = NewObject<T>();
		StandIn::AddRoot(Made);
		return Made;
	}();
	return Default;
}
template <typename T>
const T* GetDefault()
{
	return GetMutableDefault<T>();
}

#pragma GCC visibility pop
