// What all generated tables share: a link to the client while there is a connection, look-ups, rows in place, and events. A table
// object stays the same while connections come and go.
#pragma once

#include "AmbitCodec.h"
#include "UObject/Object.h"

#include "AmbitTable.generated.h"

class UAmbitEntityComponent;

/** Rows of one answer, read in place; safe until the next tick, and reading them later ends the program. */
template <typename ViewType>
class TAmbitRows
{
	std::optional<ambit::Rows<ViewType>> Rows;

public:
	/** No rows: there is no connection. */
	TAmbitRows() = default;
	explicit TAmbitRows(ambit::Rows<ViewType>&& InRows) : Rows(std::move(InRows)) {}
	int32 Num() const { return Rows ? static_cast<int32>(Rows->size()) : 0; }
	bool IsEmpty() const { return Num() == 0; }
	ViewType operator[](int32 Index) const { return (*Rows)[static_cast<std::size_t>(Index)]; }

	class FIterator
	{
		const TAmbitRows* Of;
		int32 Index;

	public:
		FIterator(const TAmbitRows* InOf, int32 InIndex) : Of(InOf), Index(InIndex) {}
		ViewType operator*() const { return (*Of)[Index]; }
		FIterator& operator++() { ++Index; return *this; }
		bool operator!=(const FIterator& Other) const { return Index != Other.Index; }
	};
	FIterator begin() const { return {this, 0}; }
	FIterator end() const { return {this, Num()}; }
};

/** A table of the connected database. */
UCLASS(Abstract, BlueprintType)
class AMBIT_API UAmbitTable : public UObject
{
	GENERATED_BODY()

public:
	/** What the module calls it. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	virtual FString GetTableName() const { return FString(); }

	/** How many rows are in the cache. */
	UFUNCTION(BlueprintPure, Category = "Ambit")
	int64 Count() const;

	/** Every change of the table, before its own events: for what works with rows of any table. Bytes are safe until the next tick. */
	TMulticastDelegate<void(const ambit::RowEvent&)> OnEvent;

	/** The connection is given up, and all rows with it. */
	TMulticastDelegate<void()> OnDetached;

	/** The number of a column that the module calls so; -1 if there is none. */
	int32 FindColumn(const FString& ColumnName) const;

	/** Remembers the last values of a column from now on, for Sample. Numbers, vectors and rotations. False, and GetError says why, for others. */
	bool Interpolate(int32 Column);

	/**
	 * What an interpolated column of a row is at a time of the server's, in microseconds: 4 numbers, of which those that the column does
	 * not have are 0; a rotation is x, y, z, w. False if the row is not in the cache.
	 */
	bool Sample(uint32 Slot, int32 Column, int64 TimeUs, double (&Values)[4]) const;

	/** The numbers of all rows in the cache, which events name them by. */
	void GetSlots(TArray<uint32>& Out) const;

	// For the subsystem and the link.
	void Attach(ambit::Client& Client);
	void Detach();
	void Dispatch(const ambit::RowEvent& Event);
	ambit::Table* GetLink() const { return Link.Get(); }
	virtual void BeginDestroy() override;

protected:
	virtual TUniquePtr<ambit::Table> MakeLink(ambit::Client&) { return nullptr; }
	virtual void Raise(const ambit::RowEvent&) {}
	/** Names of all columns by their numbers; empty ones for those that clients are not shown. */
	virtual TConstArrayView<const TCHAR*> ColumnNames() const { return {}; }

	/** A key to be written and then asked for. */
	FAmbitRowWriter BeginKey(uint32 FixedBytes)
	{
		KeyBytes.begin(FixedBytes);
		return {&KeyBytes};
	}

	template <typename ViewType>
	TOptional<ViewType> FindRow(uint16 Index, const FAmbitRowWriter& Writer) const;
	template <typename ViewType>
	TAmbitRows<ViewType> RowsWhere(uint16 Index, const FAmbitRowWriter& Writer) const;
	template <typename ViewType>
	TAmbitRows<ViewType> RowsNear(uint16 Index, const FVector& Centre, double Radius) const;
	template <typename ViewType>
	TAmbitRows<ViewType> RowsNear(uint16 Index, const FVector2D& Centre, double Radius) const
	{
		return RowsNear<ViewType>(Index, FVector(Centre.X, Centre.Y, 0.0), Radius);
	}
	template <typename ViewType>
	TAmbitRows<ViewType> AllRows() const;
	template <typename ViewType>
	TOptional<ViewType> RowAt(const UAmbitEntityComponent* Entity) const;

private:
	/** The row's number; false if the entity shows no row of this table. */
	bool SlotOf(const UAmbitEntityComponent* Entity, uint32& Slot) const;

	ambit::Client* Client = nullptr;
	TUniquePtr<ambit::Table> Link;
	ambit::RowWriter KeyBytes;
};

/** A table of one connection: what the client raises goes to the object. */
template <typename ViewType>
class TAmbitTableLink final : public ambit::TypedTable<ViewType>
{
	using Super = ambit::TypedTable<ViewType>;
	UAmbitTable& Owner;

public:
	TAmbitTableLink(UAmbitTable& InOwner, ambit::Client& Client, const char* Name, uint64 Fingerprint, uint32 FixedBytes)
		: Super(Client, Name, Fingerprint, FixedBytes), Owner(InOwner)
	{
	}
	using Super::found_by;
	using Super::rows_near;
	using Super::rows_where;

protected:
	// A handler may end the connection, and this object with it: so nothing comes after it.
	virtual void dispatch(const ambit::RowEvent& Event) override { Owner.Dispatch(Event); }
};

template <typename ViewType>
TOptional<ViewType> UAmbitTable::FindRow(uint16 Index, const FAmbitRowWriter& Writer) const
{
	if (!Link || !Writer.bFits)
	{
		return {};
	}
	const std::optional<ViewType> Found = static_cast<TAmbitTableLink<ViewType>*>(Link.Get())->found_by(Index, *Writer.Bytes);
	return Found ? TOptional<ViewType>(*Found) : TOptional<ViewType>();
}

template <typename ViewType>
TAmbitRows<ViewType> UAmbitTable::RowsWhere(uint16 Index, const FAmbitRowWriter& Writer) const
{
	if (!Link || !Writer.bFits)
	{
		return {};
	}
	return TAmbitRows<ViewType>(static_cast<TAmbitTableLink<ViewType>*>(Link.Get())->rows_where(Index, *Writer.Bytes));
}

template <typename ViewType>
TAmbitRows<ViewType> UAmbitTable::RowsNear(uint16 Index, const FVector& Centre, double Radius) const
{
	if (!Link)
	{
		return {};
	}
	return TAmbitRows<ViewType>(static_cast<TAmbitTableLink<ViewType>*>(Link.Get())->rows_near(Index, Centre.X, Centre.Y, Centre.Z, Radius));
}

template <typename ViewType>
TAmbitRows<ViewType> UAmbitTable::AllRows() const
{
	if (!Link)
	{
		return {};
	}
	return TAmbitRows<ViewType>(static_cast<TAmbitTableLink<ViewType>*>(Link.Get())->rows());
}

template <typename ViewType>
TOptional<ViewType> UAmbitTable::RowAt(const UAmbitEntityComponent* Entity) const
{
	uint32 Slot = 0;
	if (!Link || !SlotOf(Entity, Slot))
	{
		return {};
	}
	const std::optional<ViewType> Found = static_cast<TAmbitTableLink<ViewType>*>(Link.Get())->row_at_slot(Slot);
	return Found ? TOptional<ViewType>(*Found) : TOptional<ViewType>();
}

namespace Ambit
{
	/** A copy of a row that was looked for; false if there is none. */
	template <typename ViewType, typename RowType>
	bool Copied(const TOptional<ViewType>& View, RowType& Out)
	{
		if (View.IsSet())
		{
			View->CopyTo(Out);
		}
		return View.IsSet();
	}

	/** Copies of all rows of an answer. */
	template <typename RowType, typename ViewType>
	TArray<RowType> Copied(const TAmbitRows<ViewType>& Views)
	{
		TArray<RowType> Out;
		Out.SetNum(Views.Num());
		for (int32 Index = 0; Index < Views.Num(); Index++)
		{
			Views[Index].CopyTo(Out[Index]);
		}
		return Out;
	}

	/** Raises a table's own events. Rows are copied only where Blueprint listens. */
	template <typename ViewType, typename TableType, typename RowType>
	void Raise(TableType& Table, const ambit::RowEvent& Event, RowType& Before, RowType& After)
	{
		switch (Event.kind)
		{
		case ambit::RowEventKind::Insert:
			Table.OnInsertView.Broadcast(ViewType(Event.new_row));
			if (Table.OnInsert.IsBound())
			{
				ViewType(Event.new_row).CopyTo(After);
				Table.OnInsert.Broadcast(After);
			}
			break;
		case ambit::RowEventKind::Update:
			Table.OnUpdateView.Broadcast(ViewType(Event.old_row), ViewType(Event.new_row));
			if (Table.OnUpdate.IsBound())
			{
				ViewType(Event.old_row).CopyTo(Before);
				ViewType(Event.new_row).CopyTo(After);
				Table.OnUpdate.Broadcast(Before, After);
			}
			break;
		case ambit::RowEventKind::Delete:
			Table.OnDeleteView.Broadcast(ViewType(Event.old_row), static_cast<EAmbitDeleteReason>(Event.reason));
			if (Table.OnDelete.IsBound())
			{
				ViewType(Event.old_row).CopyTo(Before);
				Table.OnDelete.Broadcast(Before, static_cast<EAmbitDeleteReason>(Event.reason));
			}
			break;
		}
	}
}
