-- In place of the stock proxy-rewrite: uri, regex_uri (one pair), host, headers. The path is always made anew from
-- ctx.var.uri, the client's, or left as it was sent with use_real_request_uri_unsafe.

local operations = require("apisix.operations")
local core = require("apisix.core")

local _M = { priority = 1008, name = "proxy-rewrite", schema = { type = "object" } }

function _M.check_schema(conf)
    return core.schema.check({ type = "object", properties = { headers = { type = "object" } } }, conf)
end

function _M.rewrite(conf, ctx)
    if conf.host then
        ctx.var.upstream_host = conf.host
    end
    local path = ctx.var.uri
    if conf.uri then
        path = conf.uri
    elseif conf.regex_uri then
        path = ngx.re.sub(path, conf.regex_uri[1], conf.regex_uri[2], "jo")
    end
    if conf.use_real_request_uri_unsafe then
        ctx.var.upstream_uri = ngx.var.request_uri
    else
        ngx.req.set_uri(path)
        ctx.var.upstream_uri = path .. (ngx.var.is_args or "") .. (ngx.var.args or "")
    end

    if conf.headers then
        local ops = operations(_M.name, ctx, conf.headers)
        for name, value in pairs(ops.add) do
            local have = ngx.req.get_headers()[name]
            ngx.req.set_header(name, have and { have, value } or value)
        end
        for name, value in pairs(ops.set) do
            ngx.req.set_header(name, value)
        end
        for _, name in ipairs(ops.remove) do
            ngx.req.clear_header(name)
        end
    end
end

return _M
