// Households by their newest measurement: those that never sent one first, then the longest silent.
function (doc) {
  if (doc.type === 'household_summary') {
    emit(doc.last_slot || null, null);
  }
}
