-- amesh-host for HTTP: the Host sent to the upstream is the value of a request header, where it is there and not empty
-- (Envoy's host_rewrite_header). Otherwise it stays as it is.
--
-- Stock APISIX: proxy-rewrite's "host" takes no variables.
-- Loaded by its name in "plugins" of config.yaml. Sets $upstream_host in before_proxy: after the route's header operations,
-- whose outcome Envoy reads too, and after APISIX has applied the upstream's pass_host, also when it retries.

local core = require("apisix.core")

local _M = {
    version = 0.1,
    priority = 1007,
    name = "amesh-host",
    schema = {
        type = "object",
        required = { "header" },
        properties = { header = { type = "string", minLength = 1 } },
    },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


function _M.before_proxy(conf, ctx)
    local host = core.request.header(ctx, conf.header)
    if host and host ~= "" then
        ctx.var.upstream_host = host
    end
end


return _M
