//! The course of orders against scripted hands.
