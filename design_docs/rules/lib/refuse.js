// Names the type, the field and the rule, never a value: reasons are kept in ledgers and logs.
module.exports = function (type, field, rule) {
  throw({forbidden: type + ' ' + field + ': ' + rule});
};
