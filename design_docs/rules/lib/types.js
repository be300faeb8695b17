// Every type that has a place in a household's database.
exports.registration = require('types/registration');
exports.location = require('types/location');
exports.pv_system = require('types/pv_system');
exports.meter = require('types/meter');
exports.device = require('types/device');
exports.order = require('types/order');
exports.measurement = require('types/measurement');
exports.gap = require('types/gap');
exports.consent = require('types/consent');
exports.report = require('types/report');
exports.answer = require('types/answer');
exports.heartbeat = require('types/heartbeat');
exports.erased = require('types/erased');
