-- amesh-destination for HTTP: the variable amesh_original_dst, "10.0.0.1:80" or "[fd00::1]:80", for the "vars" of routes:
-- the destination that the client connected to before netfilter redirected it. nil where it is unknown.
--
-- Stock APISIX: $connection_original_dst of apisix-runtime knows no IPv6.
-- Loaded by its name in "plugins" of config.yaml; registers the variable by core.ctx.register_var. Belongs to no route:
-- its conf is {}, and it has no phase.

local core = require("apisix.core")
local socket = require("amesh.socket")

local _M = {
    version = 0.1,
    priority = 0,
    name = "amesh-destination",
    schema = { type = "object", properties = {} },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


core.ctx.register_var("amesh_original_dst", function()
    local ip, port = socket.destination()
    return ip and socket.join(ip, port)
end)


return _M
