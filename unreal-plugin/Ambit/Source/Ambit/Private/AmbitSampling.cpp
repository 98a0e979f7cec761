// Where rows are between updates, and the clocks for it: the core's answers.

#include "AmbitSubsystem.h"
#include "AmbitTable.h"

namespace
{
	/** After every moment that was told: the last value that is known. */
	constexpr int64 Latest = MAX_int64;
}

bool UAmbitTable::Interpolate(int32 Column)
{
	return Link && Column >= 0 && Link->interpolate(static_cast<std::uint16_t>(Column));
}

bool UAmbitTable::Sample(uint32 Slot, int32 Column, int64 TimeUs, double (&Values)[4]) const
{
	return Link && Column >= 0 && Link->sample(Slot, static_cast<std::uint16_t>(Column), TimeUs, Values);
}

int64 UAmbitSubsystem::GetRenderTimeUs() const
{
	std::int64_t TimeUs = 0;
	return Connection && Connection->Client.render_time(TimeUs) ? static_cast<int64>(TimeUs) : Latest;
}

FDateTime UAmbitSubsystem::GetServerTime() const
{
	std::int64_t TimeUs = 0;
	return Connection && Connection->Client.server_time(TimeUs) ? Ambit::ToUnreal(ambit::Timestamp{TimeUs}) : FDateTime();
}

bool UAmbitSubsystem::SetRenderDelay(double Milliseconds)
{
	constexpr double UsPerMs = 1000.0;
	return Connection && Connection->Client.set_render_delay(Milliseconds < 0.0 ? -1 : static_cast<std::int64_t>(Milliseconds * UsPerMs));
}
