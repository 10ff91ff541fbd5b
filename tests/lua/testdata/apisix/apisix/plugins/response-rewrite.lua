-- In place of the stock response-rewrite: headers, body; "vars" only as true or false, named "when" here.

local operations = require("apisix.operations")
local core = require("apisix.core")

local _M = { priority = 899, name = "response-rewrite", schema = { type = "object" } }

function _M.check_schema(conf)
    return core.schema.check({ type = "object", properties = { headers = { type = "object" } } }, conf)
end

function _M.header_filter(conf, ctx)
    ctx.response_rewrite_matched = conf.when ~= false
    if not ctx.response_rewrite_matched then
        return
    end
    if conf.body then
        ngx.header.content_length = nil
    end
    if conf.headers then
        local ops = operations(_M.name, ctx, conf.headers)
        for _, line in ipairs(ops.add) do
            local name, value = line:match("^([^:]+):%s*(.*)$")
            local have = ngx.header[name]
            ngx.header[name] = have and { have, value } or value
        end
        for name, value in pairs(ops.set) do
            ngx.header[name] = value
        end
        for _, name in ipairs(ops.remove) do
            ngx.header[name] = nil
        end
    end
end

function _M.body_filter(conf, ctx)
    if ctx.response_rewrite_matched and conf.body then
        ngx.arg[1], ngx.arg[2] = conf.body, true
    end
end

return _M
