-- amesh-split for stream: one of the choices, drawn at random by weight for each connection (Envoy's weighted clusters of
-- the TCP proxy).
--
-- Stock APISIX: its stream traffic-split goes round, anew after each reload and in each worker, and ends at 20 upstreams.
-- Loaded by its name in "stream_plugins" of config.yaml. Below ip-restriction (3000) and limit-conn (1003).

local core = require("apisix.core")
local choice = require("amesh.choice")

local _M = {
    version = 0.1,
    priority = 965,
    name = "amesh-split",
    schema = {
        type = "object",
        required = { "choices" },
        properties = { choices = choice.schema() },
    },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


function _M.preread(conf, ctx)
    ctx.upstream_id = choice.draw(conf.choices).upstream_id
end


return _M
