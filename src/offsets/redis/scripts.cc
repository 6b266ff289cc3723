#include "offsets/redis/scripts.h"

namespace ductus::offsets {
namespace {

// A value of more than 64 bytes is none of ours, and may be a gigabyte. All reads come before all writes, and a write
// that Redis may refuse (READONLY, OOM, MISCONF, ACL) before those that may not be done alone.
#define DUCTUS_LUA_HEAD                                                                                         \
  "local hash, meta, journal = KEYS[1], KEYS[2], KEYS[3]\n"                                                     \
  "local t = redis.call('TIME')\n"                                                                              \
  "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"                                                         \
  "local function short(key, field)\n"                                                                          \
  "  if redis.call('HSTRLEN', key, field) > 64 then return string.rep('?', 65) end\n"                           \
  "  return redis.call('HGET', key, field)\n"                                                                   \
  "end\n"                                                                                                       \
  "local function place(field)\n"                                                                               \
  "  local offset = short(hash, field)\n"                                                                       \
  "  if not offset then return '-' end\n"                                                                       \
  "  local side = short(meta, 'place/' .. field)\n"                                                             \
  "  if side and string.sub(side, 1, #offset + 1) == offset .. ' ' then return side end\n"                      \
  "  return offset .. ' -1 -'\n"                                                                                \
  "end\n"                                                                                                       \
  "local schema = short(meta, 'schema')\n"                                                                      \
  "if schema and schema ~= '1' then return {'schema', schema} end\n"                                            \
  "local token, fence, lease, dead = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]\n"                            \
  "local owner = redis.call('HMGET', meta, 'owner_token', 'owner_fence', 'owner_until_ms', 'owner_machine',"    \
  " 'owner_lock', 'owner_name')\n"                                                                              \
  "for i = 1, 6 do owner[i] = string.sub(owner[i] or '', 1, 400) end\n"                                         \
  "local left = (tonumber(owner[3]) or 0) - now\n"                                                              \
  "local held = owner[1] ~= '' and owner[1] ~= token and owner[1] ~= dead and left > 0 and left <= 2 * lease\n" \
  "local function other()\n"                                                                                    \
  "  return {'held', math.floor(left), owner[1], owner[4], owner[5], owner[6]}\n"                               \
  "end\n"                                                                                                       \
  "local function stamp(milliseconds) return string.format('%.0f', milliseconds) end\n"

#define DUCTUS_LUA_GUARD                                 \
  DUCTUS_LUA_HEAD                                        \
  "if token == '' then\n"                                \
  "  if held then return other() end\n"                  \
  "elseif owner[1] ~= token or owner[2] ~= fence then\n" \
  "  if held then return other() end\n"                  \
  "  return {'lost'}\n"                                  \
  "end\n"

constexpr std::string_view kBegin = DUCTUS_LUA_HEAD R"(
if held then return other() end
local next_fence = stamp(math.max((tonumber(owner[2]) or 0) + 1, now))
redis.call('HSET', meta, 'schema', '1', 'owner_token', token, 'owner_fence', next_fence,
  'owner_until_ms', stamp(now + lease), 'owner_machine', ARGV[5], 'owner_lock', ARGV[6], 'owner_name', ARGV[7])
return {'ok', next_fence}
)";

constexpr std::string_view kRenew = DUCTUS_LUA_GUARD R"(
if token ~= '' then redis.call('HSET', meta, 'owner_until_ms', stamp(now + lease)) end
return {'ok'}
)";

constexpr std::string_view kRelease = DUCTUS_LUA_GUARD R"(
redis.call('HDEL', meta, 'owner_token', 'owner_until_ms', 'owner_machine', 'owner_lock', 'owner_name')
return {'ok'}
)";

constexpr std::string_view kLoad = DUCTUS_LUA_GUARD R"(
local out = {'ok'}
for i = 5, #ARGV do out[#out + 1] = place(ARGV[i]) end
return out
)";

constexpr std::string_view kLoadTopics = DUCTUS_LUA_GUARD R"(
local out = {'ok'}
for i = 5, #ARGV do out[#out + 1] = short(meta, 'topic/' .. ARGV[i]) end
return out
)";

constexpr std::string_view kWrite = DUCTUS_LUA_GUARD R"(
local body, count, most, places = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local out = {'conflict'}
for i = 0, places - 1 do
  local expected = ARGV[10 + 3 * i]
  if expected ~= '' and place(ARGV[9 + 3 * i]) ~= expected then out[#out + 1] = i end
end
if #out > 1 then return out end
local act = 0
if body ~= '' then
  redis.call('LLEN', journal)
  act = (tonumber(short(meta, 'last_act')) or 0) + 1
end

redis.call('HSET', meta, 'schema', '1', 'written_at_ms', stamp(now))
if token ~= '' then redis.call('HSET', meta, 'owner_until_ms', stamp(now + lease)) end
for i = 0, places - 1 do
  if ARGV[11 + 3 * i] == '-' then
    redis.call('HDEL', hash, ARGV[9 + 3 * i])
    redis.call('HDEL', meta, 'place/' .. ARGV[9 + 3 * i])
  end
end
if act > 0 then
  redis.call('LTRIM', journal, 1 - most, -1)
  redis.call('RPUSH', journal, stamp(act) .. ' ' .. count .. '\n' .. body)
  redis.call('HSET', meta, 'last_act', stamp(act))
end
for i = 0, places - 1 do
  local field, value = ARGV[9 + 3 * i], ARGV[11 + 3 * i]
  if value ~= '-' then
    redis.call('HSET', hash, field, string.match(value, '^%d+'))
    redis.call('HSET', meta, 'place/' .. field, value)
  end
end
for i = 9 + 3 * places, #ARGV, 2 do redis.call('HSET', meta, 'topic/' .. ARGV[i], ARGV[i + 1]) end
return {'ok'}
)";

constexpr std::string_view kEntries = DUCTUS_LUA_GUARD R"(
local most_positions, most_topics = tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('HLEN', hash) > 2 * most_positions or redis.call('HLEN', meta) > 2 * (most_positions + most_topics) then
  return {'limit'}
end
local positions, out = 0, {'ok', 0}
for _, field in ipairs(redis.call('HKEYS', hash)) do
  if #field <= 512 and (string.find(field, '/%d+$') or not string.find(field, '/', 1, true)) then
    positions = positions + 1
    out[#out + 1] = field
    out[#out + 1] = place(field)
  end
end
local topics = 0
for _, field in ipairs(redis.call('HKEYS', meta)) do
  if #field <= 512 and string.sub(field, 1, 6) == 'topic/' then
    topics = topics + 1
    out[#out + 1] = string.sub(field, 7)
    out[#out + 1] = short(meta, field)
  end
end
if positions > most_positions or topics > most_topics then return {'limit'} end
out[2] = positions
return out
)";

constexpr std::string_view kJournal = DUCTUS_LUA_GUARD R"(
local most, most_positions, most_bytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local positions, bytes, out = 0, 0, {'ok'}
for i = 1, most do
  local act = redis.call('LINDEX', journal, -i)
  if not act then break end
  positions = positions + (tonumber(string.match(act, '^%d+ (%d+)\n')) or 0)
  bytes = bytes + #act
  if i > 1 and (positions > most_positions or bytes > most_bytes) then break end
  out[#out + 1] = #act <= most_bytes and act or '?'
end
return out
)";

#undef DUCTUS_LUA_GUARD
#undef DUCTUS_LUA_HEAD

}  // namespace

RedisScripts redis_scripts() {
  return {{kBegin, ""},      {kRenew, ""}, {kRelease, ""}, {kLoad, ""},
          {kLoadTopics, ""}, {kWrite, ""}, {kEntries, ""}, {kJournal, ""}};
}

}  // namespace ductus::offsets
