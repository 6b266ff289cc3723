// Which topic names the old brokers take.
#pragma once

#include <string_view>

#include "sandbox/legacy/line.h"

namespace ductus::sandbox::legacy {

/// 0.6: all but the empty one. 0.7.2: UTF-8 of 1 to 255 characters of the basic plane, without '/', control and
/// private characters and U+FFF0 to U+FFFF, and neither "." nor "..".
/// Source: LogManager.getOrCreateLog (0.6.1), TopicNameValidator (0.7.2).
bool is_topic_name(Line line, std::string_view name);

/// A partition is a folder of this name and "-N": whether a file system takes it.
bool is_folder_name(std::string_view topic, int partition);

}  // namespace ductus::sandbox::legacy
