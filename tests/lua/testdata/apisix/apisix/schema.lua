-- In place of apisix.core.schema: the words of JSON schema that our plugins use. Fills in defaults, as APISIX's does.

local check

local function is(value, kind)
    if kind == "integer" then
        return type(value) == "number" and value == math.floor(value)
    elseif kind == "object" then
        return type(value) == "table" and #value == 0
    elseif kind == "array" then
        return type(value) == "table" and (#value > 0 or next(value) == nil)
    end
    return type(value) == kind
end

local function matching(schemas, value)
    local n = 0
    for _, schema in ipairs(schemas) do
        n = n + (check(schema, value) and 1 or 0)
    end
    return n
end

local function check_fields(schema, value)
    for _, name in ipairs(schema.required or {}) do
        if value[name] == nil then
            return false, "property \"" .. name .. "\" is required"
        end
    end
    local properties = schema.properties or {}
    for name, of in pairs(properties) do
        if value[name] == nil and of.default ~= nil then
            value[name] = of.default
        end
    end
    for name, item in pairs(value) do
        local of = properties[name]
        if not of and schema.additionalProperties == false then
            return false, "additional property \"" .. tostring(name) .. "\""
        end
        of = of or type(schema.additionalProperties) == "table" and schema.additionalProperties
        if of then
            local ok, err = check(of, item)
            if not ok then
                return false, "property \"" .. tostring(name) .. "\": " .. err
            end
        end
    end
    return true
end

local function check_items(schema, value)
    if schema.minItems and #value < schema.minItems then
        return false, "too few items"
    end
    for i, item in ipairs(value) do
        local ok, err = check(schema.items or {}, item)
        if not ok then
            return false, "item " .. i .. ": " .. err
        end
    end
    return true
end

local function check_scalar(schema, value)
    if schema.enum then
        for _, one in ipairs(schema.enum) do
            if one == value then
                return true
            end
        end
        return false, "none of the enum"
    end
    if type(value) == "number" then
        local low, high = schema.minimum or value, schema.maximum or value
        if value < low or value > high or schema.exclusiveMinimum and value <= schema.exclusiveMinimum then
            return false, "out of range"
        end
    elseif type(value) == "string" then
        if #value < (schema.minLength or 0) or #value > (schema.maxLength or #value) then
            return false, "wrong length"
        end
        if schema.pattern and not ngx.re.find(value, schema.pattern, "jo") then
            return false, "does not match"
        end
    end
    return true
end

function check(schema, value)
    if schema.type and not is(value, schema.type) then
        return false, "wrong type: expected " .. schema.type
    end
    if schema.anyOf and matching(schema.anyOf, value) == 0 then
        return false, "matches none"
    end
    if schema.oneOf and matching(schema.oneOf, value) ~= 1 then
        return false, "matches none or several"
    end
    if type(value) ~= "table" then
        return check_scalar(schema, value)
    end
    if #value > 0 or schema.type == "array" then
        return check_items(schema, value)
    end
    return check_fields(schema, value)
end

return { check = check }
