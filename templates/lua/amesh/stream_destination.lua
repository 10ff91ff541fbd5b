-- amesh-destination for stream: server_addr and server_port are the destination that the client connected to before
-- netfilter redirected it, so that stock stream_routes match it. Where it is unknown they are the listener's own.
--
-- Stock APISIX: its stream subsystem has no variable for it, and stream_routes have no "vars".
-- Loaded by its name in "stream_plugins" of config.yaml; registers the variables by core.ctx.register_var. Belongs to no
-- route: its conf is {}, and it has no phase. nginx's own $server_addr (access logs) stays the listener's.

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


-- APISIX loads stream plugins in its HTTP workers too, to check confs. Those keep their own server_addr.
if ngx.config.subsystem == "stream" then
    core.ctx.register_var("server_addr", function()
        return socket.destination() or ngx.var.server_addr
    end)

    -- A string, as nginx's own is.
    core.ctx.register_var("server_port", function()
        local _, port = socket.destination()
        return port and tostring(port) or ngx.var.server_port
    end)
end


return _M
