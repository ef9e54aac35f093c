-- The generic cell rate algorithm, as limiter.rs has it, in microseconds by the clock of Redis: so all gateways agree.
-- KEYS[1]: a caller under a limit; its value is the moment when its burst is whole again.
-- ARGV: the time between two requests that come back, and the time that the whole burst takes.
-- The answer: how long what the caller has used of its burst takes to come back; less than nothing, that and one more,
-- where the request is over the limit.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
-- A clock that was set back must not shut a caller out for as long.
arrival = math.min(math.max(arrival, now), now + whole)
if arrival + interval > now + whole then
    return -1 - (arrival - now)
end
local used = arrival + interval - now
redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', string.format('%.0f', math.ceil(used / 1000)))
return used
