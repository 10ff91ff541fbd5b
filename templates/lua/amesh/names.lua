-- Finds the server in a list for a TLS server name, as Envoy's filter chains do: the exact name, else the longest wildcard
-- ("*.b.com" is for all names below b.com, not for b.com itself).
--
-- Stock APISIX matches by "sni" only where it terminates TLS. Loaded by require().

local memo = require("amesh.memo")

local _M = {}


-- Places in the list by exact name and by wildcard's suffix (".b.com"; "" for "*"). Of equal names the first counts.
local index_of = memo.new(function(servers)
    local exact, suffix = {}, {}
    for place, server in ipairs(servers) do
        for _, name in ipairs(server.names) do
            name = name:lower()
            local into = exact
            if name:sub(1, 1) == "*" then
                into, name = suffix, name:sub(2)
            end
            into[name] = into[name] or place
        end
    end
    return { exact = exact, suffix = suffix }
end)


-- The first of the servers that the name, in lower case, is for; nil for none.
function _M.find(servers, name)
    local index = index_of(servers)
    local place = index.exact[name]
    local dot = name:find(".", 2, true)
    while not place and dot do
        place = index.suffix[name:sub(dot)]
        dot = name:find(".", dot + 1, true)
    end
    return servers[place or index.suffix[""]]
end


return _M
