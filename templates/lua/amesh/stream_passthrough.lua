-- amesh-passthrough for stream: the connection goes on to the destination that the client connected to (Envoy's
-- ORIGINAL_DST clusters). It is closed where that is unknown or is a listener of this pod: going on to it would loop.
--
-- Stock APISIX has no upstream whose node is the connection's own destination.
-- Loaded by its name in "stream_plugins" of config.yaml. Below ip-restriction (3000), limit-conn (1003) and
-- traffic-split (966), which it overrides.

local core = require("apisix.core")
local direct = require("amesh.direct")

local _M = {
    version = 0.1,
    priority = 965,
    name = "amesh-passthrough",
    schema = { type = "object", properties = direct.properties },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


-- A status closes the connection; which one, nobody sees but the log.
function _M.preread(conf, ctx)
    local up, why = direct.set(conf, ctx, "tcp")
    if not up then
        core.log.info("amesh-passthrough: ", why)
        return 502
    end
end


return _M
