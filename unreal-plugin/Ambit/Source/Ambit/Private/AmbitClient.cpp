// The engine-neutral client, compiled as part of this module.

#include "AmbitCore.h"

THIRD_PARTY_INCLUDES_START
#include "client.cpp"
THIRD_PARTY_INCLUDES_END
