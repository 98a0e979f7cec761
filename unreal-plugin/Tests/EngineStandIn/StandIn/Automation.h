// Specs as the engine's automation has them: Describe, BeforeEach, It, LatentIt, AfterEach, and the runner.
#pragma once

#include "StandIn/Delegates.h"

// There is one engine, whatever a module shows of itself.
#pragma GCC visibility push(default)

#define WITH_AUTOMATION_TESTS 1

enum class EAutomationTestFlags : uint32
{
	EditorContext = 1,
	ClientContext = 2,
	EngineFilter = 4,
	ProductFilter = 8
};
constexpr EAutomationTestFlags operator|(EAutomationTestFlags A, EAutomationTestFlags B)
{
	return static_cast<EAutomationTestFlags>(static_cast<uint32>(A) | static_cast<uint32>(B));
}

using FDoneDelegate = TDelegate<void()>;

class FAutomationSpecBase
{
public:
	using FStep = std::function<void(const FDoneDelegate&)>;
	struct FExample
	{
		FString Name;
		FStep Step;
		std::vector<FStep> Before, After;
	};

	explicit FAutomationSpecBase(const TCHAR* InName) : Name(InName) { All().push_back(this); }
	virtual ~FAutomationSpecBase() = default;
	virtual void Define() = 0;
	static std::vector<FAutomationSpecBase*>& All()
	{
		static std::vector<FAutomationSpecBase*> Specs;
		return Specs;
	}

	void Describe(const FString& Text, std::function<void()> In)
	{
		const FScope Outer = Scope;
		Scope.Path += TEXT(" ") + Text;
		In();
		Scope = Outer;
	}
	void BeforeEach(std::function<void()> In) { Scope.Before.push_back(Now(In)); }
	void AfterEach(std::function<void()> In) { Scope.After.insert(Scope.After.begin(), Now(In)); }
	void It(const FString& Text, std::function<void()> In) { Add(Text, Now(In)); }
	void LatentIt(const FString& Text, FStep In) { Add(Text, In); }

	void AddError(const FString& Text)
	{
		bFailed = true;
		std::fprintf(stderr, "    %s\n", StandIn::Narrow(*Text, static_cast<SIZE_T>(Text.Len())).c_str());
	}
	void AddInfo(const FString&) {}
	bool TestTrue(const TCHAR* What, bool bIs)
	{
		if (!bIs)
		{
			AddError(FString(What) + TEXT(": not so"));
		}
		return bIs;
	}
	bool TestFalse(const TCHAR* What, bool bIs) { return TestTrue(What, !bIs); }
	template <typename A, typename B>
	bool TestEqual(const TCHAR* What, const A& Is, const B& Expected)
	{
		return TestTrue(What, Is == Expected);
	}
	bool HasAnyErrors() const { return bFailed; }

	/** Runs all examples; `Frame` is one of the engine's. Returns how many passed and failed. */
	std::pair<int32, int32> StandInRun(const std::function<void()>& Frame)
	{
		constexpr int32 FramesMax = 200000;
		Define();
		std::pair<int32, int32> Count;
		for (const FExample& Example : Examples)
		{
			bFailed = false;
			std::vector<FStep> Steps = Example.Before;
			Steps.push_back(Example.Step);
			Steps.insert(Steps.end(), Example.After.begin(), Example.After.end());
			for (const FStep& Step : Steps)
			{
				bool bDone = false;
				int32 Frames = 0;
				Step(FDoneDelegate::CreateLambda([&bDone] { bDone = true; }));
				while (!bDone && Frames++ < FramesMax)
				{
					Frame();
				}
				TestTrue(TEXT("the step ends"), bDone);
			}
			std::printf("%s %s%s\n", bFailed ? "FAILED" : "ok", FTCHARToUTF8(*Name).Get(), FTCHARToUTF8(*Example.Name).Get());
			(bFailed ? Count.second : Count.first)++;
		}
		return Count;
	}

private:
	struct FScope
	{
		FString Path;
		std::vector<FStep> Before, After;
	};

	static FStep Now(std::function<void()> In)
	{
		return [In](const FDoneDelegate& Done)
		{
			In();
			Done.Execute();
		};
	}
	void Add(const FString& Text, FStep Step) { Examples.push_back({Scope.Path + TEXT(" ") + Text, Step, Scope.Before, Scope.After}); }

	FString Name;
	FScope Scope;
	std::vector<FExample> Examples;
	bool bFailed = false;
};

#define BEGIN_DEFINE_SPEC(Class, PrettyName, Flags) \
	class Class : public FAutomationSpecBase \
	{ \
	public: \
		Class() : FAutomationSpecBase(TEXT(PrettyName)) { static_cast<void>(Flags); } \
		virtual void Define() override;
#define END_DEFINE_SPEC(Class) \
	} \
	; \
	static Class Class##Instance;

#pragma GCC visibility pop
