-- In place of the plugins that refuse requests in the access phase, at workflow's priority: refuses all.

return {
    priority = 1006,
    name = "guard",
    check_schema = function()
        return true
    end,
    access = function()
        return 403, ""
    end,
}
