// Players on a real server: joining, seeing each other, refusals, and the ends of games. The server's address and the database's name are in the
// environment: AMBIT_TEST_SERVER and AMBIT_TEST_DATABASE. The database plays samples/mmo-module.

#include "MmoGame.h"

#if WITH_AUTOMATION_TESTS

namespace
{
	constexpr int32 FramesMax = 3000;
	constexpr float FrameSeconds = 1.0f / 60.0f;
}

BEGIN_DEFINE_SPEC(FMmoSpec, "Ambit.Mmo", EAutomationTestFlags::EditorContext | EAutomationTestFlags::ClientContext | EAutomationTestFlags::ProductFilter)
	TUniquePtr<FMmoGame> First, Second;

	/** Steps the games until it is so, then goes on; an error if it never is. */
	void Until(const TCHAR* What, const FDoneDelegate& Done, TFunction<bool()> IsSo, TFunction<void()> Then = nullptr)
	{
		TSharedPtr<int32> Frames = MakeShared<int32>(0);
		FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateLambda([this, What, Done, IsSo, Then, Frames](float)
		{
			for (FMmoGame* Game : {First.Get(), Second.Get()})
			{
				if (Game)
				{
					Game->Frame(FrameSeconds);
				}
			}
			const bool bIsSo = IsSo();
			if (!bIsSo && ++*Frames < FramesMax)
			{
				return true;
			}
			TestTrue(What, bIsSo);
			if (bIsSo && Then)
			{
				Then();
			}
			else
			{
				Done.Execute();
			}
			return false;
		}));
	}
END_DEFINE_SPEC(FMmoSpec)

void FMmoSpec::Define()
{
	BeforeEach([this]
	{
		TestFalse(TEXT("AMBIT_TEST_SERVER names a server that plays samples/mmo-module"), FMmoGame::Server().IsEmpty());
		First = MakeUnique<FMmoGame>();
		Second = MakeUnique<FMmoGame>();
	});
	AfterEach([this]
	{
		First.Reset();
		Second.Reset();
		CollectGarbage(RF_NoFlags);
	});

	Describe(TEXT("A player"), [this]
	{
		LatentIt(TEXT("joins and finds itself, by key and in place"), [this](const FDoneDelegate& Done)
		{
			AMmoWorld* Play = First->Play();
			const FString Name = Play->PlayerName;
			Until(TEXT("joined"), Done, [Play] { FPlayerRow Row; return Play->GetMyself(Row); }, [this, Play, Name, Done]
			{
				UMmoDatabase* Database = First->Database();
				FPlayerRow Row, Same, Other;
				TestTrue(TEXT("found by key"), Play->GetMyself(Row) && Row.Name == Name && Row.Health > 0 && Row.bOnline);
				TestTrue(TEXT("found by name"), Database->Player->FindByName(Name, Same) && Same.Identity == Row.Identity);
				TestFalse(TEXT("an unknown name is not found"), Database->Player->FindByName(TEXT("nobody at all"), Other));
				int32 Seen = 0;
				for (const FPlayerView View : Database->Player->Views())
				{
					Seen += Ambit::ToString(View.Name()) == Name ? 1 : 0;
				}
				TestEqual(TEXT("seen once among all rows"), Seen, 1);
				TestEqual(TEXT("rows"), static_cast<int64>(Database->Player->GetRows().Num()), Database->Player->Count());
				bool bIsNear = false;
				for (const FPlayerRow& Near : Database->Player->Near(Row.Position, 1.0))
				{
					bIsNear |= Near.Identity == Row.Identity;
				}
				TestTrue(TEXT("near its own position"), bIsNear);
				TestTrue(TEXT("bytes came"), First->Subsystem->GetStatistics().BytesReceived > 0);
				Done.Execute();
			});
		});

		LatentIt(TEXT("is told why a call is refused"), [this](const FDoneDelegate& Done)
		{
			First->Connect();
			TSharedPtr<FString> Said = MakeShared<FString>();
			First->Subsystem->OnReady.AddDynamic(First->Listener.Get(), &UMmoListener::HandleCount);
			Until(TEXT("ready"), Done, [this] { return First->Subsystem->IsReady(); }, [this, Done, Said]
			{
				TestEqual(TEXT("OnReady came once"), First->Listener->Ready, 1);
				UMmoReducers* Reducers = First->Database()->Reducers;
				Reducers->WhenDone(Reducers->Join(TEXT("")), [Said](const FAmbitCallResult& Result)
				{
					*Said = Result.Status == EAmbitCallStatus::ReducerError ? Result.Message : FString(TEXT("?"));
				});
				// An item's number is a u32: this one fits no such column, so nothing is sent.
				bool bRefused = false;
				const int64 Number = Reducers->PickUp(int64{1} << 40);
				Reducers->WhenDone(Number, [&bRefused](const FAmbitCallResult& Result) { bRefused = Result.Message.Contains(TEXT("does not fit")); });
				TestTrue(TEXT("a number that does not fit is refused at once"), Number == 0 && bRefused);
				Until(TEXT("the reducer's words"), Done, [Said] { return Said->Contains(TEXT("letters")); }, [Done] { Done.Execute(); });
			});
		});

		LatentIt(TEXT("talks, and hears itself in its zone"), [this](const FDoneDelegate& Done)
		{
			AMmoWorld* Play = First->Play();
			Play->OnChat.AddDynamic(First->Listener.Get(), &UMmoListener::HandleChat);
			Until(TEXT("in a zone"), Done, [Play] { FPlayerRow Row; return Play->GetMyself(Row); }, [this, Play, Done]
			{
				Play->Say(TEXT("hello, wörld"));
				const FString Wanted = Play->PlayerName + TEXT(": hello, wörld");
				Until(TEXT("heard"), Done, [this, Wanted] { return First->Listener->Message.Equals(Wanted); }, [Done] { Done.Execute(); });
			});
		});
	});

	Describe(TEXT("Two players"), [this]
	{
		LatentIt(TEXT("see each other as actors that move smoothly, and part with a reason"), [this](const FDoneDelegate& Done)
		{
			AMmoWorld* Play = First->Play();
			AMmoWorld* Other = Second->Play();
			// Both see the whole map.
			Play->Sight = Other->Sight = 2000.0;
			First->Database()->Player->OnUpdate.AddDynamic(First->Listener.Get(), &UMmoListener::HandleUpdate);
			const auto Shown = [this, Play, Other]() -> AMmoEntity*
			{
				FPlayerRow Row;
				if (!Other->GetMyself(Row))
				{
					return nullptr;
				}
				TArray<uint32> Slots;
				First->Database()->Player->GetSlots(Slots);
				for (const uint32 Slot : Slots)
				{
					UAmbitEntityComponent* Entity = Play->Players->FindEntity(Slot);
					AMmoEntity* Actor = Entity ? Cast<AMmoEntity>(Entity->GetOwner()) : nullptr;
					if (Actor && Actor->DisplayName.Equals(Row.Name))
					{
						return Actor;
					}
				}
				return nullptr;
			};
			Until(TEXT("the other player's actor is there"), Done, [Shown] { return Shown() != nullptr; }, [this, Play, Other, Shown, Done]
			{
				AMmoEntity* Actor = Shown();
				FPlayerRow Row;
				Other->GetMyself(Row);
				TestTrue(TEXT("it stands where its row is, in centimetres"),
					FVector::Distance(Actor->GetActorLocation(), FVector(Row.Position.X, Row.Position.Y, 0.0) * 100.0) < 1.0);
				TestTrue(TEXT("monsters have actors"), Play->Monsters->GetEntityCount() > 0);
				TestTrue(TEXT("problems"), Play->Players->GetProblem().IsEmpty() && Play->Items->GetProblem().IsEmpty());
				Other->Walk(FVector2D(Row.Position.X > 320.0 ? -1.0 : 1.0, 0.0));
				// Between two steps of a metre there are places that no row ever was at.
				TSharedPtr<int32> Between = MakeShared<int32>(0);
				TSharedPtr<double> Last = MakeShared<double>(Actor->GetActorLocation().X);
				const double Begin = *Last;
				Until(TEXT("it goes ten metres, mostly in small steps"), Done, [Actor, Between, Last, Begin]
				{
					const double X = Actor->GetActorLocation().X;
					const double Step = FMath::Abs(X - *Last);
					*Between += Step > 0.01 && Step < 99.0 ? 1 : 0;
					*Last = X;
					return FMath::Abs(X - Begin) > 1000.0 && *Between >= 10;
				}, [this, Play, Done]
				{
					TestTrue(TEXT("Blueprint heard of updates, with old and new rows"), First->Listener->Updated > 0
						&& !(First->Listener->Before.Position == First->Listener->After.Position));
					First->Database()->Player->OnDelete.AddDynamic(First->Listener.Get(), &UMmoListener::HandleDelete);
					const int32 Before = Play->Players->GetEntityCount();
					for (const TObjectPtr<UAmbitSubscription>& Subscription : First->Subsystem->GetSubscriptions())
					{
						Subscription->Unsubscribe();
					}
					Until(TEXT("all actors leave"), Done, [Play] { return Play->Players->GetEntityCount() == 0; }, [this, Before, Done]
					{
						TestTrue(TEXT("each left with its reason"), First->Listener->Deleted == Before && First->Listener->Reason == EAmbitDeleteReason::Unsubscribed);
						Done.Execute();
					});
				});
			});
		});

		LatentIt(TEXT("share one pool of actors per table"), [this](const FDoneDelegate& Done)
		{
			AMmoWorld* Play = First->Play();
			Play->Sight = 2000.0;
			Until(TEXT("monsters are there"), Done, [Play] { return Play->Monsters->GetEntityCount() > 100; }, [this, Play, Done]
			{
				Play->Monsters->PoolSizeMax = 1000;
				Play->Players->PoolSizeMax = Play->Items->PoolSizeMax = 1000;
				for (const TObjectPtr<UAmbitSubscription>& Subscription : First->Subsystem->GetSubscriptions())
				{
					Subscription->Unsubscribe();
				}
				Until(TEXT("they are gone"), Done, [Play] { return Play->Monsters->GetEntityCount() == 0; }, [this, Play, Done]
				{
					const int32 Actors = First->CountActors();
					TestTrue(TEXT("their actors are kept"), Actors > 100);
					CollectGarbage(RF_NoFlags);
					First->Subsystem->Subscribe(UMonsterTable::Query().limit(50).order_by(FMonsterColumns::Id.ascending()));
					Until(TEXT("some come back"), Done, [Play] { return Play->Monsters->GetEntityCount() == 50; }, [this, Actors, Done]
					{
						TestEqual(TEXT("in actors that were there"), First->CountActors(), Actors);
						Done.Execute();
					});
				});
			});
		});
	});

	Describe(TEXT("Nodes that wait"), [this]
	{
		LatentIt(TEXT("go on when a call is committed or refused"), [this](const FDoneDelegate& Done)
		{
			UMmoListener* Listener = First->Listener.Get();
			UAmbitConnectAction* Connect = UAmbitConnectAction::ConnectToAmbit(First->World, FMmoGame::Server(), FMmoGame::DatabaseName(), FString());
			Connect->OnReady.AddDynamic(Listener, &UMmoListener::HandleReady);
			Connect->Activate();
			Until(TEXT("connected"), Done, [Listener] { return Listener->Ready == 1; }, [this, Listener, Done]
			{
				CollectGarbage(RF_NoFlags);
				for (const FString& Name : {FMmoGame::FreshName(), FString()})
				{
					UMmoJoinCall* Call = UMmoJoinCall::Join(First->World, Name);
					Call->OnCommitted.AddDynamic(Listener, &UMmoListener::HandleCommitted);
					Call->OnFailed.AddDynamic(Listener, &UMmoListener::HandleFailed);
					Call->Activate();
				}
				CollectGarbage(RF_NoFlags);
				Until(TEXT("both are answered"), Done, [Listener] { return Listener->Committed == 1 && Listener->Failed == 1; }, [this, Listener, Done]
				{
					TestTrue(TEXT("the refusal has its words"), Listener->Message.Contains(TEXT("letters")));
					Done.Execute();
				});
			});
		});

		LatentIt(TEXT("go on when a subscription is applied or refused"), [this](const FDoneDelegate& Done)
		{
			UMmoListener* Listener = First->Listener.Get();
			First->Connect();
			for (const TCHAR* Sql : {TEXT("SELECT * FROM monster"), TEXT("SELECT * FROM nothing")})
			{
				UAmbitSubscribeAction* Action = UAmbitSubscribeAction::SubscribeToAmbit(First->World, Sql, FAmbitParameters(), FAmbitDelivery());
				Action->OnApplied.AddDynamic(Listener, &UMmoListener::HandleApplied);
				Action->OnFailed.AddDynamic(Listener, &UMmoListener::HandleRefused);
				Action->Activate();
			}
			CollectGarbage(RF_NoFlags);
			Until(TEXT("both are answered"), Done, [Listener] { return Listener->Applied == 1 && Listener->Failed == 1; }, [this, Listener, Done]
			{
				TestTrue(TEXT("the refusal names the table"), Listener->Message.Contains(TEXT("nothing")));
				TestTrue(TEXT("rows are there"), First->Database()->Monster->Count() == 0 || First->Subsystem->IsReady());
				Done.Execute();
			});
		});
	});

	Describe(TEXT("A game"), [this]
	{
		LatentIt(TEXT("can begin another connection, or end, in a handler"), [this](const FDoneDelegate& Done)
		{
			First->Connect();
			First->Subsystem->Subscribe(TEXT("SELECT * FROM monster"));
			TSharedPtr<int32> Rows = MakeShared<int32>(0);
			First->Database()->Monster->OnInsertView.AddLambda([this, Rows](const FMonsterView&)
			{
				if (++*Rows == 1)
				{
					First->Connect();
				}
				TestFalse(TEXT("a handler cannot tick"), First->Subsystem->TickNow());
			});
			Until(TEXT("a row came"), Done, [Rows] { return *Rows > 0; }, [this, Rows, Done]
			{
				TestEqual(TEXT("its rows are gone"), First->Database()->Monster->Count(), int64{0});
				Until(TEXT("the next connection is ready"), Done, [this] { return First->Subsystem->IsReady(); }, [this, Done]
				{
					First->Subsystem->Subscribe(TEXT("SELECT * FROM monster"));
					First->Database()->Monster->OnInsertView.AddLambda([this](const FMonsterView&)
					{
						if (First->World)
						{
							First->End();
						}
					});
					Until(TEXT("the game has ended in its own tick"), Done, [this] { return First->World == nullptr; }, [Done] { Done.Execute(); });
				});
			});
		});

		LatentIt(TEXT("ends again and again and leaves nothing behind"), [this](const FDoneDelegate& Done)
		{
			First.Reset();
			Second.Reset();
			CollectGarbage(RF_NoFlags);
			const int32 Objects = FMmoGame::CountObjects();
			for (int32 Run = 0; Run < 5; Run++)
			{
				FMmoGame Game;
				Game.Play();
				for (int32 Frame = 0; Frame < 3 * Run; Frame++)
				{
					Game.Frame(FrameSeconds);
					Game.Subsystem->TickNow();
				}
			}
			CollectGarbage(RF_NoFlags);
			TestEqual(TEXT("objects"), FMmoGame::CountObjects(), Objects);
			Done.Execute();
		});

		LatentIt(TEXT("answers waiting calls when its connection ends"), [this](const FDoneDelegate& Done)
		{
			First->Connect();
			Until(TEXT("ready"), Done, [this] { return First->Subsystem->IsReady(); }, [this, Done]
			{
				UMmoReducers* Reducers = First->Database()->Reducers;
				TSharedPtr<int32> Answers = MakeShared<int32>(0);
				Reducers->WhenDone(Reducers->Respawn(), [Answers](const FAmbitCallResult&) { ++*Answers; });
				First->Subsystem->Disconnect();
				Until(TEXT("answered once"), Done, [this, Answers] { return *Answers == 1 && First->Subsystem->GetState() == EAmbitConnectionState::Disconnected; },
					[this, Done]
				{
					TestTrue(TEXT("a call without a connection is refused"), First->Database()->Reducers->Respawn() == 0 && !First->Subsystem->GetError().IsEmpty());
					Done.Execute();
				});
			});
		});
	});
}

#endif
