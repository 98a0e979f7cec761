// Stand-in for the engine's header of this name.
#pragma once

#include "StandIn/World.h"
