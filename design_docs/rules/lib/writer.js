// Who: one of the roles `writers`; or, where the type says so, a device. `own_device`: for itself alone, with
// the scope it names, if it names one.
var refuse = require('lib/refuse');

module.exports = function (type, rules, doc, roles) {
  function has(role) {
    return roles.indexOf(role) !== -1;
  }
  if (rules.writers.some(has)) {
    return;
  }
  if (rules.any_device && roles.some(function (role) { return role.indexOf('device:') === 0; })) {
    return;
  }
  if (rules.own_device === undefined) {
    refuse(type, 'userCtx.roles', 'your account may not write this type');
  }
  if (typeof doc.device !== 'string' || !has('device:' + doc.device)) {
    refuse(type, 'device', 'only the device itself may write this');
  }
  if (rules.own_device !== '' && !has('scope:' + rules.own_device)) {
    refuse(type, 'userCtx.roles', 'the scope ' + rules.own_device + ' is needed');
  }
};
