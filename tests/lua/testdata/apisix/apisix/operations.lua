-- In place of the cache (core.lrucache.plugin_ctx) by which the stock plugins keep what they make of "headers": the key is
-- the conf's type and id, not the conf. Two confs that run under one id share what was made first.

local kept = {}

return function(name, ctx, headers)
    local key = name .. ctx.conf_type .. "#" .. ctx.conf_id .. "#" .. ctx.conf_version
    if not kept[key] then
        kept[key] = { add = headers.add or {}, set = headers.set or {}, remove = headers.remove or {} }
    end
    return kept[key]
end
