// The one copy of everything that there is once: objects, tickers, the engine.

#include "StandIn/World.h"

#include <unordered_set>

namespace
{
	std::unordered_map<const void*, UObject*>& Objects()
	{
		static auto* All = new std::unordered_map<const void*, UObject*>();
		return *All;
	}

	std::unordered_set<UObject*>& Roots()
	{
		static auto* All = new std::unordered_set<UObject*>();
		return *All;
	}

	uint64 LastSerial = 0;

	void Append(std::string& Out, uint32 Letter)
	{
		if (Letter < 0x80)
		{
			Out += static_cast<char>(Letter);
			return;
		}
		const int Extra = Letter < 0x800 ? 1 : Letter < 0x10000 ? 2 : 3;
		static constexpr uint32 Marks[] = {0, 0xc0, 0xe0, 0xf0};
		Out += static_cast<char>(Marks[Extra] | (Letter >> (6 * Extra)));
		for (int At = Extra - 1; At >= 0; At--)
		{
			Out += static_cast<char>(0x80 | ((Letter >> (6 * At)) & 0x3f));
		}
	}
}

namespace StandIn
{
	FConstruction Construction;

	std::u16string Widen(const char* Text, SIZE_T Length)
	{
		std::u16string Out;
		for (SIZE_T At = 0; At < Length;)
		{
			const uint8 First = static_cast<uint8>(Text[At++]);
			const int Extra = First < 0x80 ? 0 : First < 0xe0 ? 1 : First < 0xf0 ? 2 : 3;
			uint32 Letter = Extra == 0 ? First : First & (0x3f >> Extra);
			for (int More = 0; More < Extra && At < Length; More++)
			{
				Letter = (Letter << 6) | (static_cast<uint8>(Text[At++]) & 0x3f);
			}
			if (Letter >= 0x10000)
			{
				Out += static_cast<char16_t>(0xd800 + ((Letter - 0x10000) >> 10));
				Letter = 0xdc00 + ((Letter - 0x10000) & 0x3ff);
			}
			Out += static_cast<char16_t>(Letter);
		}
		return Out;
	}

	std::string Narrow(const char16_t* Text, SIZE_T Length)
	{
		std::string Out;
		for (SIZE_T At = 0; At < Length; At++)
		{
			uint32 Letter = Text[At];
			const bool bPair = Letter >= 0xd800 && Letter < 0xdc00 && At + 1 < Length && Text[At + 1] >= 0xdc00 && Text[At + 1] < 0xe000;
			if (bPair)
			{
				Letter = 0x10000 + ((Letter - 0xd800) << 10) + (uint32{Text[++At]} - 0xdc00);
			}
			else if (Letter >= 0xd800 && Letter < 0xe000)
			{
				Letter = 0xfffd;
			}
			Append(Out, Letter);
		}
		return Out;
	}

	bool IsAlive(const void* Object, uint64 Serial)
	{
		const auto Found = Objects().find(Object);
		return Found != Objects().end() && Found->second->StandInSerial() == Serial && Found->second->StandInIsAlive();
	}

	std::vector<UObject*> AllObjects()
	{
		std::vector<UObject*> All;
		for (const auto& [Address, Object] : Objects())
		{
			if (Object->GetClass())
			{
				All.push_back(Object);
			}
		}
		return All;
	}

	void AddRoot(UObject* Object) { Roots().insert(Object); }
	void RemoveRoot(UObject* Object) { Roots().erase(Object); }

	void DestroyAll()
	{
		Roots().clear();
		CollectGarbage(RF_NoFlags);
	}
}

UObject::UObject() : Class(StandIn::Construction.Class), Outer(StandIn::Construction.Outer), Serial(++LastSerial)
{
	// Members that are objects have no class.
	StandIn::Construction = {};
	Objects()[this] = this;
}

UObject::~UObject()
{
	Objects().erase(this);
}

FString UObject::GetName() const
{
	return Class ? Class->ClassName : FString(TEXT("Class"));
}

UClass* UObject::StaticClass()
{
	static UClass Of(TEXT("Object"), nullptr, &StandIn::MakeOf<UObject>);
	return &Of;
}

void CollectGarbage(EObjectFlags)
{
	std::unordered_set<UObject*> Reached;
	std::vector<UObject*> Next(Roots().begin(), Roots().end());
	StandIn::FReferences References(Next);
	while (!Next.empty())
	{
		UObject* At = Next.back();
		Next.pop_back();
		if (Reached.insert(At).second)
		{
			At->StandInReferences(References);
			if (At->GetOuter())
			{
				Next.push_back(At->GetOuter());
			}
		}
	}
	std::vector<UObject*> Gone;
	for (const auto& [Address, Object] : Objects())
	{
		if (Object->GetClass() && Reached.count(Object) == 0)
		{
			Gone.push_back(Object);
		}
	}
	for (UObject* Object : Gone)
	{
		Object->BeginDestroy();
	}
	for (UObject* Object : Gone)
	{
		delete Object;
	}
}

FTSTicker& FTSTicker::GetCoreTicker()
{
	static FTSTicker Ticker;
	return Ticker;
}

UEngine* GEngine = nullptr;
