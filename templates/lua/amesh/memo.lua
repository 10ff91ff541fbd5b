-- Remembers what is computed from a table of a conf for as long as that table is in use.
--
-- APISIX's own caches (core.lrucache) go by the id of a route, are small, and cannot tell two tables of one plugin's conf
-- apart. A conf that APISIX has loaded is not changed any more, so its table is the key. Loaded by require().

local _M = {}


-- A function that returns build(key), computed once. The result must not refer to key: weak keys are kept alive by values
-- that refer to them.
function _M.new(build)
    local built = setmetatable({}, { __mode = "k" })
    return function(key)
        local value = built[key]
        if value == nil then
            value = build(key)
            built[key] = value
        end
        return value
    end
end


return _M
