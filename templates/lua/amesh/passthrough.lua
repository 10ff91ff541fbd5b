-- amesh-passthrough for HTTP: the request goes on to the destination that the client connected to (Envoy's ORIGINAL_DST
-- clusters: PassthroughCluster, InboundPassthroughCluster, headless services). Answers 502, without a body, where the
-- destination is unknown or is a listener of this pod: going on to it would loop.
--
-- Stock APISIX has no upstream whose node is the connection's own destination.
-- Loaded by its name in "plugins" of config.yaml. Runs in the access phase with a priority below the plugins that refuse
-- requests there (ip-restriction 3000, forward-auth 2002, workflow 1006) and below traffic-split (966), which it overrides.

local core = require("apisix.core")
local upstream = require("apisix.upstream")
local direct = require("amesh.direct")

local _M = {
    version = 0.1,
    priority = 965,
    name = "amesh-passthrough",
    schema = {
        type = "object",
        properties = {
            cluster = { description = "Envoy's name for it, for people", type = "string" },
            refuse_ports = direct.properties.refuse_ports,
            timeout = direct.properties.timeout,
            scheme = { type = "string", enum = { "http", "https", "grpc", "grpcs" }, default = "http" },
        },
    },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


function _M.access(conf, ctx)
    local up, why = direct.set(conf, ctx, conf.scheme or "http")
    if not up then
        core.log.info("amesh-passthrough: ", why)
        return 502, ""
    end
    -- APISIX does this for upstreams of routes alone.
    upstream.set_scheme(ctx, up)
end


return _M
