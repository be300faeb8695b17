// Where the household is; see registration.
var form = require('lib/forms');

exports.writers = ['researcher', 'worker', 'pull'];
exports.during = 'standing';
exports.deleters = ['worker', 'pull'];
exports.size = 4096;
exports.fields = {
  latitude: form.number(-90, 90),
  longitude: form.number(-180, 180),
  source: form.one_of(['geocoded', 'manual'])
};
exports.id = function () { return 'location'; };
