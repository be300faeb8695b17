var form = require('lib/forms');

exports.writers = ['researcher', 'worker', 'pull'];
exports.during = 'standing';
exports.deleters = ['researcher', 'worker', 'pull'];
exports.size = 16384;
exports.fields = {
  pv_system: form.uuid,
  nominal_power_kw: form.optional(form.number(0, 10000)),
  azimuth_deg: form.optional(form.number(0, 360)),
  tilt_deg: form.optional(form.number(0, 90)),
  installed_on: form.optional(form.date),
  meters: form.optional(form.uuids)
};
exports.id = function (doc) { return 'pv_system:' + doc.pv_system; };
