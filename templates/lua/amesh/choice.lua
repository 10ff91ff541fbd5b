-- One of several choices, drawn at random by weight: what amesh-split and amesh-sni share.
--
-- Stock APISIX: traffic-split goes round instead, starting anew at every reload and in every worker (so few requests
-- after a reload all go the same way), and takes at most 20 upstreams. Envoy draws for each request; so does this, and
-- there is nothing that a reload could lose.
-- Loaded by require(). math.random is seeded by APISIX in each worker, from the system's entropy.

local memo = require("amesh.memo")

local random = math.random
local floor = math.floor

-- Envoy's weights sum up to at most this; Lua's numbers are exact far beyond, and math.random is.
local MAX_WEIGHT = 4294967295

local _M = {}


-- Schema of a list of choices, each with a weight and an upstream; others: further fields of a choice.
function _M.schema(others)
    local properties = {
        weight = { type = "integer", minimum = 1, maximum = MAX_WEIGHT },
        upstream_id = {
            anyOf = {
                { type = "string", minLength = 1, maxLength = 64, pattern = "^[a-zA-Z0-9-_.]+$" },
                { type = "integer", minimum = 1 },
            },
        },
    }
    for name, schema in pairs(others or {}) do
        properties[name] = schema
    end
    return {
        type = "array",
        minItems = 1,
        items = { type = "object", required = { "weight", "upstream_id" }, properties = properties },
    }
end


-- The weights of the first, the first two, the first three ... choices together.
local sums_of = memo.new(function(choices)
    local sums, total = {}, 0
    for i, choice in ipairs(choices) do
        total = total + choice.weight
        sums[i] = total
    end
    return sums
end)


-- A choice at random and its place in the list. Each call draws anew.
function _M.draw(choices)
    local sums = sums_of(choices)
    local low, high = 1, #sums
    local drawn = random(sums[high])
    while low < high do
        local middle = floor((low + high) / 2)
        if sums[middle] < drawn then
            low = middle + 1
        else
            high = middle
        end
    end
    return choices[low], low
end


return _M
