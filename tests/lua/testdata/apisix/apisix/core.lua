-- In place of apisix.core: schema.check, log, ctx.register_var and the variables of a request, request.header.

local schema = require("apisix.schema")

local registered, no_value = {}, {}
local writable = { upstream_host = true, upstream_scheme = true, upstream_uri = true }

-- Values are kept from the first reading on, as APISIX keeps them: ctx.var.uri stays what it was before ngx.req.set_uri.
local variables = {
    __index = function(var, name)
        local kept = rawget(var, no_value)
        if kept[name] == nil then
            local getter = registered[name]
            if getter then
                kept[name] = getter(rawget(var, registered))
            else
                kept[name] = ngx.var[name]
            end
        end
        return kept[name]
    end,
    __newindex = function(var, name, value)
        if writable[name] then
            ngx.var[name] = value
        end
        rawget(var, no_value)[name] = value
    end,
}

local function log(level)
    return function(...)
        ngx.log(level, ...)
    end
end

return {
    schema = schema,
    log = { error = log(ngx.ERR), warn = log(ngx.WARN), info = log(ngx.INFO) },
    ctx = {
        register_var = function(name, getter)
            registered[name] = getter
        end,
        -- Of this stub: what set_vars_meta does.
        set_vars = function(ctx)
            ctx.var = setmetatable({ [no_value] = {}, [registered] = ctx }, variables)
        end,
    },
    request = {
        header = function(_, name)
            local value = ngx.req.get_headers()[name]
            return type(value) == "table" and value[1] or value
        end,
    },
}
