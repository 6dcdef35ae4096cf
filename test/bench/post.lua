-- wrk: POST the AdmissionReview in $BODY_FILE, then one JSON line with what happened (times in microseconds).
-- The marks of varied.ts in the body are replaced in each request.
local file = assert(io.open(os.getenv("BODY_FILE"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()

local NUMBER, SHAPE, SHAPES = string.rep("N", 12), string.rep("S", 6), 300
local template = wrk.body
if template:find(NUMBER, 1, true) then
  local number = os.time() % 1000000 * 1000000
  function request()
    number = number + 1
    local body = template:gsub(NUMBER, string.format("%012d", number))
    body = body:gsub(SHAPE, string.format("%06d", number % SHAPES))
    return wrk.format(nil, nil, nil, body)
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"us":%d,"p50Us":%d,"p99Us":%d,"failed":%d}\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
