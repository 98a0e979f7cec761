// Containers, optional values, functions and pointers over the standard library's.
#pragma once

#include "StandIn/Text.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

template <typename T>
class TArrayView
{
	T* Data = nullptr;
	int32 Count = 0;

public:
	TArrayView() = default;
	TArrayView(T* In, int32 InCount) : Data(In), Count(InCount) {}
	template <SIZE_T Size>
	TArrayView(T (&In)[Size]) : Data(In), Count(static_cast<int32>(Size)) {}
	int32 Num() const { return Count; }
	T& operator[](int32 Index) const { return Data[Index]; }
	T* begin() const { return Data; }
	T* end() const { return Data + Count; }
};
template <typename T>
using TConstArrayView = TArrayView<const T>;

template <typename T>
class TArray
{
	// A vector of bool has no bool in it.
	using Held = std::conditional_t<std::is_same_v<T, bool>, uint8, T>;
	std::vector<Held> Items;

public:
	TArray() = default;
	TArray(std::initializer_list<T> In) : Items(In.begin(), In.end()) {}
	int32 Num() const { return static_cast<int32>(Items.size()); }
	bool IsEmpty() const { return Items.empty(); }
	T& operator[](int32 Index)
	{
		check(Index >= 0 && Index < Num());
		return reinterpret_cast<T&>(Items[static_cast<SIZE_T>(Index)]);
	}
	const T& operator[](int32 Index) const { return const_cast<TArray&>(*this)[Index]; }
	int32 Add(const T& Item)
	{
		Items.push_back(Item);
		return Num() - 1;
	}
	int32 Add(T&& Item)
	{
		Items.push_back(std::move(Item));
		return Num() - 1;
	}
	T& AddDefaulted_GetRef()
	{
		Items.emplace_back();
		return (*this)[Num() - 1];
	}
	void SetNum(int32 Count) { Items.resize(static_cast<SIZE_T>(Count)); }
	void Reset() { Items.clear(); }
	void Empty() { Items.clear(); }
	void RemoveAt(int32 Index) { Items.erase(Items.begin() + Index); }
	void Append(const TArray& Other) { Items.insert(Items.end(), Other.Items.begin(), Other.Items.end()); }
	T Pop()
	{
		T Last = std::move((*this)[Num() - 1]);
		Items.pop_back();
		return Last;
	}
	bool Contains(const T& Item) const { return std::find(Items.begin(), Items.end(), Item) != Items.end(); }
	const T& Last() const { return (*this)[Num() - 1]; }
	T* begin() { return reinterpret_cast<T*>(Items.data()); }
	T* end() { return begin() + Num(); }
	const T* begin() const { return reinterpret_cast<const T*>(Items.data()); }
	const T* end() const { return begin() + Num(); }
	friend bool operator==(const TArray& A, const TArray& B) { return A.Items == B.Items; }
};

inline uint32 GetTypeHash(uint32 Of) { return Of; }
inline uint32 GetTypeHash(int32 Of) { return static_cast<uint32>(Of); }
inline uint32 GetTypeHash(int64 Of) { return static_cast<uint32>(Of) ^ static_cast<uint32>(static_cast<uint64>(Of) >> 32); }

template <typename K, typename V>
struct TPair
{
	K Key;
	V Value;
};

template <typename K, typename V>
class TMap
{
	struct FHash
	{
		SIZE_T operator()(const K& Of) const { return GetTypeHash(Of); }
	};
	std::unordered_map<K, V, FHash> Items;

public:
	int32 Num() const { return static_cast<int32>(Items.size()); }
	bool IsEmpty() const { return Items.empty(); }
	V& Add(const K& Key, const V& Value) { return Items[Key] = Value; }
	V& Add(const K& Key, V&& Value) { return Items[Key] = std::move(Value); }
	V& FindOrAdd(const K& Key) { return Items[Key]; }
	V* Find(const K& Key)
	{
		const auto Found = Items.find(Key);
		return Found == Items.end() ? nullptr : &Found->second;
	}
	const V* Find(const K& Key) const { return const_cast<TMap&>(*this).Find(Key); }
	bool Contains(const K& Key) const { return Find(Key) != nullptr; }
	int32 Remove(const K& Key) { return static_cast<int32>(Items.erase(Key)); }
	bool RemoveAndCopyValue(const K& Key, V& Out)
	{
		V* Found = Find(Key);
		if (Found)
		{
			Out = std::move(*Found);
			Items.erase(Key);
		}
		return Found != nullptr;
	}
	void Reset() { Items.clear(); }
	void Empty() { Items.clear(); }
	int32 GetKeys(TArray<K>& Out) const
	{
		Out.Reset();
		for (const auto& [Key, Value] : Items)
		{
			Out.Add(Key);
		}
		return Out.Num();
	}
	auto begin() { return Items.begin(); }
	auto end() { return Items.end(); }
	auto begin() const { return Items.begin(); }
	auto end() const { return Items.end(); }
};

template <typename T>
class TOptional
{
	std::optional<T> Held;

public:
	TOptional() = default;
	TOptional(const T& In) : Held(In) {}
	TOptional(T&& In) : Held(std::move(In)) {}
	bool IsSet() const { return Held.has_value(); }
	explicit operator bool() const { return IsSet(); }
	T& GetValue() { return Get(); }
	const T& GetValue() const { return const_cast<TOptional&>(*this).Get(); }
	const T* operator->() const { return &GetValue(); }
	T* operator->() { return &Get(); }
	const T& operator*() const { return GetValue(); }
	T& operator*() { return Get(); }
	void Reset() { Held.reset(); }

private:
	T& Get()
	{
		check(IsSet());
		return *Held;
	}
};

template <typename Signature>
class TFunction : public std::function<Signature>
{
public:
	using std::function<Signature>::function;
};
template <typename Signature>
using TFunctionRef = const std::function<Signature>&;

template <typename T>
class TUniquePtr
{
	std::unique_ptr<T> Held;

public:
	TUniquePtr() = default;
	TUniquePtr(std::nullptr_t) {}
	explicit TUniquePtr(T* In) : Held(In) {}
	template <typename Other, std::enable_if_t<std::is_convertible_v<Other*, T*>, int> = 0>
	TUniquePtr(TUniquePtr<Other>&& In) : Held(In.Release()) {}
	T* Get() const { return Held.get(); }
	T* operator->() const { return Held.get(); }
	T& operator*() const { return *Held; }
	explicit operator bool() const { return Held != nullptr; }
	bool IsValid() const { return Held != nullptr; }
	void Reset() { Held.reset(); }
	T* Release() { return Held.release(); }
};
template <typename T, typename... Arguments>
TUniquePtr<T> MakeUnique(Arguments&&... Given)
{
	return TUniquePtr<T>(new T(std::forward<Arguments>(Given)...));
}

template <typename T>
class TSharedRef;
template <typename T>
class TSharedPtr
{
	template <typename>
	friend class TSharedPtr;
	std::shared_ptr<T> Held;

public:
	TSharedPtr() = default;
	TSharedPtr(std::nullptr_t) {}
	explicit TSharedPtr(std::shared_ptr<T> In) : Held(std::move(In)) {}
	template <typename Other, std::enable_if_t<std::is_convertible_v<Other*, T*>, int> = 0>
	TSharedPtr(const TSharedPtr<Other>& In) : Held(In.Held) {}
	T* Get() const { return Held.get(); }
	T* operator->() const { return Held.get(); }
	T& operator*() const { return *Held; }
	explicit operator bool() const { return Held != nullptr; }
	bool IsValid() const { return Held != nullptr; }
	void Reset() { Held.reset(); }
	TSharedRef<T> ToSharedRef() const;
	const std::shared_ptr<T>& StandInShared() const { return Held; }
	friend bool operator==(const TSharedPtr& A, const TSharedPtr& B) { return A.Held == B.Held; }
	friend bool operator!=(const TSharedPtr& A, const TSharedPtr& B) { return A.Held != B.Held; }
};
template <typename T>
class TSharedRef : public TSharedPtr<T>
{
public:
	explicit TSharedRef(const TSharedPtr<T>& In) : TSharedPtr<T>(In) { check(this->IsValid()); }
	template <typename Other, std::enable_if_t<std::is_convertible_v<Other*, T*>, int> = 0>
	TSharedRef(const TSharedRef<Other>& In) : TSharedPtr<T>(In) {}
};
template <typename T>
TSharedRef<T> TSharedPtr<T>::ToSharedRef() const { return TSharedRef<T>(*this); }
template <typename T, typename... Arguments>
TSharedRef<T> MakeShared(Arguments&&... Given)
{
	return TSharedRef<T>(TSharedPtr<T>(std::make_shared<T>(std::forward<Arguments>(Given)...)));
}

#pragma GCC visibility pop
