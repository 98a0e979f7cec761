// The engine-neutral client, fenced from macros of Unreal and of the systems' headers. Whatever in the plugin speaks of `ambit::` includes this
// and nothing of the library itself.
#pragma once

#include "Containers/StringView.h"
#include "CoreMinimal.h"
#include "Misc/Optional.h"
#include "Templates/Function.h"
#include "Templates/UniquePtr.h"

THIRD_PARTY_INCLUDES_START
#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("min")
#pragma push_macro("max")
#undef check
#undef verify
#undef near
#undef far
#undef min
#undef max
#include "ambit/client.h"
#include "ambit/query.h"
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("verify")
#pragma pop_macro("check")
THIRD_PARTY_INCLUDES_END
