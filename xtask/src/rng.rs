//! Chance that can be had again: the same seed gives the same numbers, on every machine.

/// Marsaglia's xorshift64*.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// Dice that fall the same way for the same seed.
    pub fn new(seed: u64) -> Self {
        // Never 0, which xorshift would not leave.
        let mut rng = Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1));
        rng.roll();
        rng
    }

    /// The next 48 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// A number below `end`, which is positive.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of them.
    pub fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        self.pick_after(items, 0)
    }

    /// One of them, and with each step the next one.
    #[expect(clippy::indexing_slicing, reason = "a remainder is below what it was divided by")]
    pub fn pick_after<T: Copy, const N: usize>(&mut self, items: &[T; N], steps: u32) -> T {
        let index =
            (usize::try_from(self.roll()).unwrap_or(0) + usize::try_from(steps).unwrap_or(0)) % N;
        items[index]
    }

    /// Puts them into another order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (2..=items.len()).rev() {
            let place = self.below(u64::try_from(end).unwrap_or(u64::MAX));
            items.swap(usize::try_from(place).unwrap_or(0), end - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
        let rolls = |seed| {
            let mut rng = Rng::new(seed);
            [rng.roll(), rng.roll(), rng.roll()]
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
        assert_ne!(rolls(u64::MAX), [0; 3], "the seed that becomes 0");
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        let mut numbers: Vec<u32> = (0..100).collect();
        Rng::new(1).shuffle(&mut numbers);
        assert_ne!(numbers, (0..100).collect::<Vec<_>>());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    }
}
