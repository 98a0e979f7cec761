// Modules, plugins, processes, and as much of the editor as a window with a details view needs. Windows are not drawn: a test opens the tab by
// its name and presses the object's functions.
#pragma once

#include "StandIn/World.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

class IModuleInterface
{
public:
	virtual ~IModuleInterface() = default;
	virtual void StartupModule() {}
	virtual void ShutdownModule() {}
};

namespace StandIn
{
	/** Every module of the program, by its name. */
	inline std::vector<std::pair<std::string, std::function<std::unique_ptr<IModuleInterface>()>>>& Modules()
	{
		static std::vector<std::pair<std::string, std::function<std::unique_ptr<IModuleInterface>()>>> All;
		return All;
	}
}
#define IMPLEMENT_MODULE(Class, Name) \
	static const bool bStandInIs##Name = (StandIn::Modules().emplace_back(#Name, [] { return std::unique_ptr<IModuleInterface>(new Class()); }), true);
#define IMPLEMENT_PRIMARY_GAME_MODULE(Class, Name, Game) IMPLEMENT_MODULE(Class, Name)

class FDefaultGameModuleImpl : public IModuleInterface
{
};
using FDefaultModuleImpl = FDefaultGameModuleImpl;

class IPlugin
{
public:
	FString GetBaseDir() const { return TEXT("."); }
};
class IPluginManager
{
public:
	static IPluginManager& Get()
	{
		static IPluginManager Manager;
		return Manager;
	}
	TSharedPtr<IPlugin> FindPlugin(const FString&) { return MakeShared<IPlugin>(); }
};

struct FPaths
{
	static FString Combine(const FString& A, const FString& B, const FString& C) { return A + TEXT("/") + B + TEXT("/") + C; }
	static FString ProjectDir() { return TEXT("./"); }
};

struct FPlatformMisc
{
	static FString GetEnvironmentVariable(const TCHAR* Name)
	{
		const char* Found = std::getenv(FTCHARToUTF8(Name).Get());
		return Found ? FString(UTF8_TO_TCHAR(Found)) : FString();
	}
};

struct FPlatformProcess
{
	static void* GetDllHandle(const TCHAR*) { return nullptr; }
	static void FreeDllHandle(void*) {}
	/** Both outputs come as one. */
	static bool ExecProcess(const TCHAR* Program, const TCHAR* Arguments, int32* Code, FString* Out, FString* Errors, const TCHAR* Folder = nullptr)
	{
		const FString Line = FString::Printf(TEXT("cd \"%s\" && \"%s\" %s 2>&1"), Folder, Program, Arguments);
		std::FILE* Pipe = ::popen(FTCHARToUTF8(*Line).Get(), "r");
		if (!Pipe)
		{
			return false;
		}
		char Buffer[1024];
		std::string Said;
		for (SIZE_T Count; (Count = std::fread(Buffer, 1, sizeof(Buffer), Pipe)) > 0;)
		{
			Said.append(Buffer, Count);
		}
		*Out = FString(StandIn::Widen(Said.data(), Said.size()));
		*Errors = FString();
		*Code = ::pclose(Pipe) / 256;
		return true;
	}
};

template <typename T>
class TStrongObjectPtr
{
	T* Object = nullptr;

public:
	TStrongObjectPtr() = default;
	explicit TStrongObjectPtr(T* In) { Reset(In); }
	TStrongObjectPtr(const TStrongObjectPtr&) = delete;
	~TStrongObjectPtr() { Reset(); }
	void Reset(T* In = nullptr)
	{
		if (Object)
		{
			StandIn::RemoveRoot(Object);
		}
		Object = In;
		if (Object)
		{
			StandIn::AddRoot(Object);
		}
	}
	T* Get() const { return Object; }
	T* operator->() const { return Object; }
	bool IsValid() const { return Object != nullptr; }
};

template <typename T>
class TWeakPtr
{
	std::weak_ptr<T> Held;

public:
	TWeakPtr() = default;
	bool IsValid() const { return !Held.expired(); }
	TWeakPtr& operator=(const TSharedPtr<T>& In)
	{
		Held = In.StandInShared();
		return *this;
	}
};

struct FWorkspaceItem
{
};
namespace WorkspaceMenu
{
	struct FStructure
	{
		FWorkspaceItem* GetToolsCategory() { return nullptr; }
	};
	inline FStructure& GetMenuStructure()
	{
		static FStructure Structure;
		return Structure;
	}
}

class SWidget
{
public:
	virtual ~SWidget() = default;
};
class IDetailsView : public SWidget
{
public:
	void SetObject(UObject* In) { Object = In; }
	UObject* Object = nullptr;
};
struct FDetailsViewArgs
{
	bool bAllowSearch = true, bHideSelectionTip = false;
};
class FPropertyEditorModule : public IModuleInterface
{
public:
	TSharedRef<IDetailsView> CreateDetailView(const FDetailsViewArgs&) { return MakeShared<IDetailsView>(); }
};
struct FModuleManager
{
	template <typename T>
	static T& LoadModuleChecked(const FName&)
	{
		static T Module;
		return Module;
	}
};

enum ETabRole
{
	MajorTab,
	NomadTab
};
class SDockTab : public SWidget
{
public:
	SDockTab& TabRole(ETabRole) { return *this; }
	TSharedPtr<SWidget> Content;
};
namespace StandIn
{
	template <typename T>
	struct TNew
	{
		TSharedRef<T> Made = MakeShared<T>();
		TNew& TabRole(ETabRole) { return *this; }
		TSharedRef<T> operator[](const TSharedPtr<SWidget>& Content)
		{
			Made->Content = Content;
			return Made;
		}
	};
}
#define SNew(Widget) StandIn::TNew<Widget>()

struct FSpawnTabArgs
{
};
using FOnSpawnTab = TDelegate<TSharedRef<SDockTab>(const FSpawnTabArgs&)>;
class FTabSpawnerEntry
{
public:
	FOnSpawnTab Spawn;
	FTabSpawnerEntry& SetDisplayName(const FText&) { return *this; }
	FTabSpawnerEntry& SetTooltipText(const FText&) { return *this; }
	FTabSpawnerEntry& SetGroup(FWorkspaceItem*) { return *this; }
};
class FGlobalTabmanager
{
	TMap<FName, FTabSpawnerEntry> Spawners;

public:
	static FGlobalTabmanager* Get()
	{
		static FGlobalTabmanager Manager;
		return &Manager;
	}
	FTabSpawnerEntry& RegisterNomadTabSpawner(const FName& Name, const FOnSpawnTab& Spawn)
	{
		FTabSpawnerEntry& Entry = Spawners.FindOrAdd(Name);
		Entry.Spawn = Spawn;
		return Entry;
	}
	bool UnregisterNomadTabSpawner(const FName& Name) { return Spawners.Remove(Name) > 0; }
	TSharedPtr<SDockTab> TryInvokeTab(const FName& Name)
	{
		FTabSpawnerEntry* Entry = Spawners.Find(Name);
		return Entry ? TSharedPtr<SDockTab>(Entry->Spawn.Execute(FSpawnTabArgs())) : TSharedPtr<SDockTab>();
	}
};

class UEditorEngine : public UEngine
{
	STANDIN_CLASS(UEditorEngine, UEngine)
	TObjectPtr<UWorld> PlayWorld;
	virtual void StandInReferences(StandIn::FReferences& References) override { References.Add(PlayWorld); }
};
inline UEditorEngine* GEditor = nullptr;

#pragma GCC visibility pop
