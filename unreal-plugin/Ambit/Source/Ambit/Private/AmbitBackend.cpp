// The client's way to the core: the functions of ambit.h.

#include "AmbitCore.h"

// Macros of Windows' headers that are names in the core's.
#undef near
#undef far

THIRD_PARTY_INCLUDES_START
#include "backend_c.cpp"
THIRD_PARTY_INCLUDES_END
